import { createDpopKey } from '@behalf/testing'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWith } from '../../support/services.js'
import { ask, billing, createAgent, introspect, password, type TestAgent } from '../program/agent.js'
import { createPlace, freePort, type Place, type Program, run } from '../program/program.js'
import { createPostgresDatabase, encryptionKey, hasPostgres } from '../support/ground.js'
import { askAsShop, codeFields, shop, signIn } from './sign-in.js'

const skew = 29 // and a second for what is under way

/** Moves the clock of a process, whoever asks for the time. */
const movedBy = (seconds: number): readonly string[] => {
  const code = `
    const { now } = Date
    const moved = () => now() + ${seconds * 1000}
    globalThis.Date = new Proxy(Date, {
      construct: (target, given) => given.length === 0 ? new target(moved()) : new target(...given),
      get: (target, name) => name === 'now' ? moved : target[name],
    })`
  return ['--import', `data:text/javascript,${encodeURIComponent(code)}`]
}

describeWith('PostgreSQL on 127.0.0.1:5432', hasPostgres, 'a server that is early and one that is late', () => {
  let database: Awaited<ReturnType<typeof createPostgresDatabase>>
  let place: Place
  let agent: TestAgent
  let issuer: string
  /** The early one, whose address is the issuer, and the late one. */
  let places: readonly [string, string]
  const programs: Program[] = []

  beforeAll(async () => {
    database = await createPostgresDatabase()
    place = await createPlace()
    agent = await createAgent()
    await place.file('encryption.key', encryptionKey())
    const [early, late] = [await freePort(), await freePort()]
    issuer = `http://127.0.0.1:${early}`
    places = [issuer, `http://127.0.0.1:${late}`]
    const seed = { ...agent.seed, clients: [...(agent.seed.clients ?? []), shop] }
    for (const [port, seconds] of [
      [early, skew],
      [late, -skew],
    ] as const) {
      const configuration = {
        ...{ issuer, database: database.url, encryptionKeyFiles: ['encryption.key'], seed },
        listen: { host: '127.0.0.1', port },
      }
      const program = run([await place.configuration(configuration, `${port}.yaml`)], movedBy(seconds))
      await program.until('listening')
      programs.push(program)
    }
  })
  afterAll(async () => {
    for (const program of programs) program.kill('SIGTERM')
    await Promise.all(programs.map(({ ended }) => ended))
    await place.remove()
    await database.drop()
  })

  const assertionFields = async (): Promise<Readonly<Record<string, string>>> => ({
    client_id: 'support-app',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await agent.assertion(issuer),
  })

  const direct = { grant_type: 'client_credentials', resource: billing, scope: 'billing:export' }

  const exchange = async (at: string, subject_token: string) =>
    ask(at, {
      ...(await assertionFields()),
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      ...{ subject_token, resource: billing, scope: 'billing:read' },
    })

  test('their clocks are a minute apart', async () => {
    const [early, late] = [
      await agent.request(places[0], await agent.assertion(issuer)),
      await ask(places[1], { ...(await assertionFields()), ...direct }),
    ]
    expect([early.status, late.status]).toEqual([200, 200])
    const apart = Number(decodeJwt(early.token).iat) - Number(decodeJwt(late.token).iat)
    expect(apart).toBeGreaterThan(2 * skew - 10)
  })

  test('an assertion of a client whose clock is right is taken by both, and once', async () => {
    for (const [one, other] of [places, places.toReversed()]) {
      const fields = { ...(await assertionFields()), ...direct }
      expect((await ask(one ?? '', fields)).status).toBe(200)
      expect((await ask(other ?? '', fields)).status).toBe(401)
    }
  })

  test("each takes the other's codes, tokens and refresh tokens", async () => {
    const code = await signIn(issuer, 'ada', password, 'openid offline_access billing:read')
    const first = await askAsShop(places[1], codeFields(code))
    expect(first.status).toBe(200)
    const refresh_token = first.body.refresh_token ?? ''
    const second = await askAsShop(places[0], { grant_type: 'refresh_token', refresh_token })
    expect(second.status).toBe(200)
    for (const { body } of [first, second]) {
      for (const at of places) {
        const { status, token } = await exchange(at, body.access_token ?? '')
        expect(status).toBe(200)
        expect(await introspect(at, token)).toMatchObject({ active: true })
      }
    }
    expect((await askAsShop(places[1], { grant_type: 'refresh_token', refresh_token })).body.error).toBe(
      'invalid_grant',
    )
  })

  test("a token of the early one is in force at the late one; an agent's own the other way round too", async () => {
    for (const [one, other] of [places, places.toReversed()]) {
      const { token } = await ask(one ?? '', { ...(await assertionFields()), ...direct })
      expect(await introspect(other ?? '', token)).toMatchObject({ active: true })
    }
  })

  test('a proof of a client whose clock is right is taken by both, and once', async () => {
    const key = await createDpopKey()
    for (const [one, other] of [places, places.toReversed()]) {
      const proof = await key.proof({ method: 'POST', url: `${issuer}/token` })
      const statuses: number[] = []
      for (const at of [one ?? '', other ?? '']) {
        const body = new URLSearchParams({ ...(await assertionFields()), ...direct })
        statuses.push((await fetch(`${at}/token`, { method: 'POST', headers: { DPoP: proof }, body })).status)
      }
      expect(statuses).toEqual([200, 400])
    }
  })
})
