import { ada, resourceOf, type Stage, security } from '@behalf/example-stage'
import { unboundToken } from './callers.js'
import { task } from './desk.js'
import { paint, print, verdictStyle } from './paint.js'
import { createTokenDesk } from './token-desk.js'

interface Line {
  readonly status: number
  readonly says: string
  /** Name of the token it carries; none where it carries none. */
  readonly token?: string
  readonly url: string
}

/** Keeps everything up and prints links to open and lines to paste, until `stopped` resolves. */
export async function serve(stage: Stage, stopped: Promise<void>): Promise<void> {
  const { authority, apis, support, people, web } = stage
  const { issuer } = authority
  const desk = await createTokenDesk({
    plan: () => unboundToken(support, people.ada, 'billing', 'get_customer_billing'),
    profile: () => unboundToken(support, people.ada, 'users', 'get_user_profile'),
    ada: () => web.tokenOf(people.ada, resourceOf('billing'), 'billing:read'),
    trail: () => stage.securityToken(),
  })
  const lines: readonly Line[] = [
    {
      status: 200,
      says: 'the agent reads the plan of the person it acts for',
      token: 'plan',
      url: `${apis.billing.url}/plan`,
    },
    { status: 200, says: 'Ada reads it herself', token: 'ada', url: `${apis.billing.url}/plan` },
    { status: 403, says: 'that token does not open the charges', token: 'plan', url: `${apis.billing.url}/charges` },
    { status: 401, says: 'nor another API', token: 'plan', url: `${apis.orders.url}/orders` },
    {
      status: 403,
      says: "nor does Ada's profile open Bob's",
      token: 'profile',
      url: `${apis.users.url}/users/user_41b7aa`,
    },
    { status: 401, says: 'no token', url: `${apis.billing.url}/plan` },
    { status: 200, says: 'the trail of the task', token: 'trail', url: `${issuer}/admin/audit/tasks/${task}` },
    {
      status: 200,
      says: 'the whole of it, for a SIEM',
      token: 'trail',
      url: `${issuer}/admin/audit/export?format=ocsf`,
    },
    {
      status: 200,
      says: 'what an API says of itself',
      url: `${apis.billing.url}/.well-known/oauth-protected-resource`,
    },
  ]

  print(paint('bold', 'Everything stays up. Open in a browser:'))
  print()
  print(
    `  ${issuer}/consents    what Ada allowed; withdraw it, and paste the first line below (${ada.username} / ${ada.password})`,
  )
  print(`  ${issuer}/approvals   what waits for her, or for Security (${security.username} / ${security.password})`)
  print(`  ${issuer}/trail       all of it, for Security; the task: ${issuer}/trail/tasks/${task}`)
  print(`  ${issuer}/admin/openapi.json`)
  print()
  print(paint('bold', 'Paste into another terminal:'))
  for (const { status, says, token, url } of lines) {
    const credentials = token === undefined ? '' : `-H "Authorization: Bearer $(curl -s ${desk.address}/${token})" `
    print()
    print(`${paint('dim', '#')} ${paint(verdictStyle(status), `${status}`)}: ${says}`)
    print(`curl -i ${credentials}'${url}'`)
  }
  print()
  print('Each $(...) gets a fresh token, good for a minute. Ctrl-C stops everything.')

  await stopped
  desk.close()
}
