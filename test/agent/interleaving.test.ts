import type { AgentEvent } from '@behalf/agent'
import type { AuditEvent } from '@behalf/core'
import { expect, test } from 'vitest'
import { billing, createScene } from './scene.js'

const people = ['ada', 'bob'] as const
const calls = 10_000
const atOnce = 50

test('Ada and Bob, 10,000 times in turn through one client, each get their own answer, by two tokens', async () => {
  const decisions: AuditEvent[] = []
  const events: AgentEvent[] = []
  const scene = await createScene((event) => void decisions.push(event))
  try {
    const client = scene.createClient({ audit: (event) => void events.push(event) })
    const tokens = await Promise.all(people.map((name) => scene.personToken(name)))
    await scene.counts() // from here on
    const answers: [string, unknown][] = []
    for (let from = 0; from < calls; from += atOnce) {
      await Promise.all(
        Array.from({ length: atOnce }, async (_, index) => {
          const who = (from + index) % 2
          const call = { resource: billing, apiUrl: scene.api, scope: 'billing:read', subjectToken: tokens[who] ?? '' }
          const response = await client.fetch('/plan', call)
          answers.push([people[who] ?? '', await response.json()])
        }),
      )
    }
    const wrong = answers.filter(([name, answer]) => {
      return (
        JSON.stringify(answer) !== JSON.stringify({ subject: name, actor: 'agent:support', scopes: ['billing:read'] })
      )
    })
    expect([answers.length, wrong]).toEqual([calls, []])
    expect((await scene.counts()).tokens).toBe(2)

    const allowed = decisions.flatMap((event) =>
      event.type === 'access.decision' && event.decision === 'allow' ? event : [],
    )
    const used = new Set(allowed.map(({ subject, token }) => `${subject?.id} ${token?.jti}`))
    expect([allowed.length, used.size]).toEqual([calls, 2])

    await client.close()
    const count = (type: string) => events.filter((event) => event.type === type).length
    expect(count('token.requested')).toBe(2)
    expect(count('token.reused')).toBeGreaterThan(0)
  } finally {
    await scene.close()
  }
}, 300_000)
