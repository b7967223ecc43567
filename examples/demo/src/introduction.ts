import { paint, print } from './paint.js'
import { apis, frameworks, type Stage } from './stage.js'
import { delegated } from './tokens.js'

/** Says what is up, and what the agent carries. */
export function introduce({ issuer, service }: Stage): void {
  print(paint('bold', 'Behalf: an agent calls four APIs for a user, and each API decides by itself'))
  print()
  for (const api of apis) print(`  ${`${api}-api`.padEnd(12)}${frameworks[api].padEnd(9)}${service(api).url}`)
  print(`  ${'issuer'.padEnd(12)}${issuer.signingKey.algorithm.padEnd(9)}${issuer.issuer}`)
  print()
  print('The agent carries one short-lived token for each API. The one for billing says:')
  print()
  const { subject, actor = '', clientId, audience, scope } = delegated('billing')
  say('sub', subject, 'for whom')
  say('act.sub', [actor].flat().join(), 'through which agent')
  say('client_id', clientId, 'who asks')
  say('aud', audience, 'at this API, no other')
  say('scope', scope, 'for this, no more')
  print()
}

function say(claim: string, value: string, meaning: string): void {
  print(`  ${claim.padEnd(12)}${value.padEnd(29)}${paint('dim', meaning)}`)
}
