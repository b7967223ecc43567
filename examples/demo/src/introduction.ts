import { decodeJwt } from 'jose'
import { apis, frameworks } from './apis.js'
import { paint, print } from './paint.js'
import { delegated, task } from './party.js'
import type { Stage } from './stage.js'

/** Says what is up, and what the agent carries. */
export async function introduce({ authority, service, support, person }: Stage): Promise<void> {
  print(paint('bold', 'Behalf: an agent calls four APIs for a person, and each API decides by itself'))
  print()
  for (const api of apis) print(`  ${`${api}-api`.padEnd(12)}${frameworks[api].padEnd(9)}${service(api).url}`)
  print(`  ${'auth server'.padEnd(12)}${''.padEnd(9)}${authority.issuer}`)
  print()
  print(`Ada signs in at the support desk and allows its agent to act for her. For every call, the agent exchanges`)
  print(`her token for one of its own (RFC 8693). The one for billing says:`)
  print()
  const token = await delegated(support, person, authority.issuer, 'billing').token()
  const { sub, act, client_id, aud, scope, txn, tctx, iat = 0, exp = 0 } = decodeJwt<Delegation>(token ?? '')
  say('sub', sub, 'for whom')
  say('act.sub', act?.sub, 'through which agent')
  say('client_id', client_id, 'who asked')
  say('aud', [aud].flat()[0], 'at this API, no other')
  say('scope', scope, 'for this, no more')
  say('tctx', JSON.stringify(tctx), 'by this tool, to this end')
  say('txn', txn ?? task, 'in this task')
  say('exp', `${exp - iat} seconds`, 'and for so long')
  print()
}

interface Delegation {
  readonly act?: { readonly sub?: string }
  readonly client_id?: string
  readonly scope?: string
  readonly txn?: string
  readonly tctx?: object
}

function say(claim: string, value: string | undefined, meaning: string): void {
  print(`  ${claim.padEnd(12)}${(value ?? '-').padEnd(41)}  ${paint('dim', meaning)}`)
}
