import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createScene, type Scene } from '../exchange/scene.js'
import { unmatched } from './ledger.js'

/** A table that takes no event of this type. */
const refuseIssuance = [
  `create function out_of_room() returns trigger language plpgsql as $$
   begin raise exception 'no room' using errcode = 'disk_full'; end $$`,
  `create trigger out_of_room before insert on audit_events for each row
   when (new.type in ('delegation.issued', 'access.issued')) execute function out_of_room()`,
]
const takeAgain = ['drop trigger out_of_room on audit_events', 'drop function out_of_room']

describe.each(['required', 'best-effort'] as const)('a trail that cannot be written, audit: %s', (audit) => {
  let scene: Scene
  beforeAll(async () => {
    scene = await createScene({ audit })
  })
  afterAll(() => scene.server.close())

  const apply = async (statements: readonly string[]): Promise<void> => {
    for (const statement of statements) await scene.server.context.database.query(statement)
  }

  test(audit === 'required' ? 'nothing is issued' : 'it is issued, and counted as lost', async () => {
    expect((await scene.exchange()).status).toBe(200)
    await apply(refuseIssuance)
    const subject_token = await scene.personToken()
    const answers = [await scene.exchange({ fields: { subject_token } }), await scene.direct()]
    // a refusal can be recorded, and is one as ever
    const refused = await scene.exchange({ fields: { subject_token, scope: 'billing:admin' } })
    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_scope' } })
    await apply(takeAgain)

    const { tokensWithoutEvent, eventsWithoutToken } = await unmatched(scene.server.context.database)
    expect(eventsWithoutToken).toBe(0)
    if (audit === 'required') {
      for (const answer of answers) expect(answer).toMatchObject({ status: 503, token: '' })
      expect(answers[0]?.headers.get('retry-after')).toBe('1')
      expect(tokensWithoutEvent).toBe(0)
    } else {
      expect(answers.map(({ status }) => status)).toEqual([200, 200])
      expect(tokensWithoutEvent).toBe(2)
      const [dropped] = await scene.events('audit.dropped')
      expect(dropped).toMatchObject({ detail: { dropped_total: 2 } })
    }
    expect((await scene.exchange({ fields: { subject_token } })).status).toBe(200)
    expect((await scene.server.context.audit.verify()).intact).toBe(true)
  })
})
