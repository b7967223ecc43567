import type { PolicyDocument } from '../policy/document.js'

/** Who sends events. */
export interface Sender {
  readonly clientId: string
  /** Whose client it is; null where it is nobody's. */
  readonly agentId: string | null
  /** Of the server: agents are named together with it. */
  readonly issuer: string
  /** The policy in force, which says whose API is whose. */
  readonly document: Pick<PolicyDocument, 'resources'>
  /** Seconds since the epoch. */
  readonly now: number
}
