// biome-ignore lint/suspicious/noDeprecatedImports: marked so for what it allows, and this is loopback
import { allowInsecureRequests } from 'oauth4webapi'

/** Lets oauth4webapi fetch over http, which it does not without being told. */
// oxlint-disable-next-line typescript/no-deprecated
export const overLoopback = { [allowInsecureRequests]: true } as const
