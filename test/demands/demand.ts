/** Tests that prove something: their file below `test`, and how the title of each begins as it is written there. */
export interface Proof {
  readonly file: string
  readonly titles: readonly [string, ...string[]]
}

/** Parts whose tests prove what nothing else can, and are still to come. */
export type Part = 'agent' | 'langchain' | 'ingest'

/** One thing that is asked of the product, proven or waiting for the part that can prove it. */
export type Demand = {
  readonly id: string
  readonly demand: string
  /** File of the benchmark beside the proof, where the demand is about speed. */
  readonly measuredBy?: string
} & (
  | { readonly proofs: readonly [Proof, ...Proof[]]; readonly waitsFor?: never }
  | { readonly proofs?: never; readonly waitsFor: Part }
)

export const by = (file: string, ...titles: Proof['titles']): Proof => ({ file, titles })
