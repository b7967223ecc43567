import type { Context } from '../context.js'
import type { ConsentMode, Risk } from '../policy/document.js'
import { type Html, html } from './html.js'
import { askedAgain } from './words.js'

/** A permission in words. */
interface AskedPermission {
  readonly name: string
  readonly words: string
  readonly risk: Risk
  readonly consent: ConsentMode
}

/** Permissions that are asked for at one API. */
export interface AskedApi {
  readonly resource: string
  readonly name: string
  readonly permissions: readonly AskedPermission[]
}

/** Permissions in words, by the API each is for. One that the policy does not know keeps its name. */
export async function describeAsked(
  { policy }: Pick<Context, 'policy'>,
  scope: readonly string[],
  resource: string,
): Promise<readonly AskedApi[]> {
  const current = await policy.current()
  const found = scope.map((name) => ({ name, permission: current.permission(name) }))
  const resources = [...new Set(found.map(({ permission }) => permission?.resource ?? resource))]
  return resources.map((each) => ({
    resource: each,
    name: current.resource(each)?.name ?? each,
    permissions: found
      .filter(({ permission }) => (permission?.resource ?? resource) === each)
      .map(({ name, permission }) => ({
        name,
        words: permission?.words ?? name,
        risk: permission?.risk ?? 'high',
        consent: permission?.consent ?? 'none',
      })),
  }))
}

/** The list a person reads before they decide. */
export function askedList(apis: readonly AskedApi[]): Html {
  return html`${apis.map(
    ({ name, resource, permissions }) => html`<h2>At ${name}</h2>
<p class="soft">${resource}</p>
<ul>${permissions.map(
      ({ name: scope, words, risk, consent }) => html`<li><strong>${words}</strong> <span class="soft">(${scope})</span>
${risk === 'high' ? html`<br><span class="risk">High risk.</span>` : undefined}
${askedAgain(consent) === '' ? undefined : html`<br>${askedAgain(consent)}`}</li>`,
    )}</ul>`,
  )}`
}
