/** One sentence that must hold on every target. */
export interface Requirement {
  readonly id: string
  /** The standard and its section, or `Behalf` for a promise of our own. */
  readonly source: string
  readonly text: string
}
