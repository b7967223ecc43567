/** Tests that prove something: their file below `test`, and how the title of each begins as it is written there. */
export interface Proof {
  readonly file: string
  readonly titles: readonly [string, ...string[]]
  /** The cases a parametrised title cannot do without, as they are written, and the file they are written in. */
  readonly needs?: { readonly file: string; readonly cases: readonly [string, ...string[]] }
}

/** One thing that is asked of the product, and what proves it. */
export interface Demand {
  readonly id: string
  readonly demand: string
  readonly proofs: readonly [Proof, ...Proof[]]
  /** File of the benchmark beside the proof, where the demand is about speed. */
  readonly measuredBy?: string
}

export const by = (file: string, ...titles: Proof['titles']): Proof => ({ file, titles })

/** One parametrised test, and the cases that it must be run with. They are in its own file where they have none. */
export const byEach = (
  file: string,
  title: string,
  cases: readonly [string, ...string[]],
  casesIn: string = file,
): Proof => ({ file, titles: [title], needs: { file: casesIn, cases } })
