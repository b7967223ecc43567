import { apiNames, frameworks, type Stage } from '@behalf/example-stage'
import { decodeJwt } from 'jose'
import { paint, print } from './paint.js'

/** Says what is up. */
export function introduce({ authority, apis }: Stage): void {
  print(paint('bold', 'Behalf: an agent calls four APIs for a person, and each API decides by itself'))
  print()
  for (const name of apiNames) print(`  ${`${name}-api`.padEnd(12)}${frameworks[name].padEnd(10)}${apis[name].url}`)
  print(`  ${'auth server'.padEnd(12)}${'PGlite'.padEnd(10)}${authority.issuer}`)
  print(`  ${'agent'.padEnd(12)}${'LangChain'.padEnd(10)}${process.env.BEHALF_MODEL || 'a scripted model, no network'}`)
  print()
}

/** Says what a delegation token says. */
export function explain(token: string): void {
  const { sub, act, client_id, aud, scope, txn, tctx, cnf, iat = 0, exp = 0 } = decodeJwt<Delegation>(token)
  const rows: [claim: string, value: string | undefined, meaning: string][] = [
    ['sub', sub, 'for whom'],
    ['act.sub', act?.sub, 'through which agent'],
    ['client_id', client_id, 'who asked'],
    ['aud', [aud].flat()[0], 'at this API, no other'],
    ['scope', scope, 'for this, no more'],
    ['tctx', JSON.stringify(tctx), 'by this tool, to this end'],
    ['txn', txn, 'in this task'],
    ['cnf.jkt', cnf?.jkt, 'with this key of the agent'],
    ['exp', `${exp - iat} seconds`, 'and for so long'],
  ]
  print()
  print('     The token that the billing API got:')
  for (const [claim, value = '-', meaning] of rows) {
    print(`       ${claim.padEnd(10)}${value.padEnd(56)}  ${paint('dim', meaning)}`)
  }
}

interface Delegation {
  readonly act?: { readonly sub?: string }
  readonly client_id?: string
  readonly scope?: string
  readonly txn?: string
  readonly tctx?: object
  readonly cnf?: { readonly jkt?: string }
}
