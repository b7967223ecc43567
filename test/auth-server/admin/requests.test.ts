import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withRole } from './fixtures.js'
import { type Admin, call, personToken, policy, startAdmin } from './support.js'

let admin: Admin
let token: string
beforeAll(async () => {
  admin = await startAdmin()
  token = await personToken(admin)
})
afterAll(() => admin.close())

const problem = 'application/problem+json'

describe('what comes in', () => {
  test('every wrong member is named at once, and a right one is taken', async () => {
    const body = { id: 'no spaces', name: '', owner: 'team', description: 7, colour: 'red' }
    const reply = await call(admin, 'POST', '/agents', { token, body })
    expect(reply.status).toBe(400)
    expect(reply.headers.get('content-type')).toBe(problem)
    expect(reply.json).toMatchObject({ type: 'urn:behalf:error:input_invalid', status: 400, code: 'input_invalid' })
    const pointers = reply.json.errors.map(({ pointer }: { pointer: string }) => pointer)
    expect(pointers).toEqual(expect.arrayContaining(['#/id', '#/name', '#/description', '#']))
    const right = await call(admin, 'POST', '/agents', { token, body: { id: 'agent:ok', name: 'Ok', owner: 'team' } })
    expect(right.status).toBe(201)
    expect(right.headers.get('location')).toBe(`${admin.url}/agents/agent%3Aok`)
  })

  test.each([
    ['a parameter out of range', '/agents?limit=201', 'limit'],
    ['a parameter that is no number', '/agents?limit=ten', 'limit'],
    ['a parameter that is given twice', '/agents?limit=1&limit=2', 'limit'],
    ['a parameter of another route', '/keys?limit=1', 'limit'],
    ['an unknown filter', '/tokens?colour=red', ''],
    ['a wrong choice', '/grants?status=perhaps', 'status'],
  ])('%s is refused', async (_what, path, parameter) => {
    const reply = await call(admin, 'GET', path, { token })
    expect(reply.status).toBe(400)
    expect(reply.json.errors[0].parameter).toBe(parameter)
  })

  test('only JSON, plain and not too long', async () => {
    const body = { id: 'agent:media', name: 'Media', owner: 'team' }
    const text = JSON.stringify(body)
    const send = (sent: string, type: string, headers = {}) =>
      call(admin, 'POST', '/agents', { token, body: sent, type, headers })
    expect((await send(text, 'text/plain')).json).toMatchObject({ status: 415, code: 'media_type_unsupported' })
    expect((await send(text, 'application/json', { 'content-encoding': 'gzip' })).status).toBe(415)
    expect((await send('{"id":', 'application/json')).json).toMatchObject({ status: 400, code: 'body_malformed' })
    const long = JSON.stringify({ ...body, description: 'x'.repeat(70_000) })
    expect((await send(long, 'application/json')).json).toMatchObject({ status: 413, code: 'body_too_large' })
    expect((await send('', 'application/json')).status).toBe(400)
    expect((await send(text, 'application/json; charset=utf-8')).status).toBe(201)
    const unexpected = await call(admin, 'POST', '/agents/agent:media/unlock', { token, body: { now: true } })
    expect(unexpected.json).toMatchObject({ status: 400, errors: [{ pointer: '#', detail: 'takes no body' }] })
  })

  test('an answer the caller does not take is refused', async () => {
    const reply = await call(admin, 'GET', '/agents', { token, headers: { accept: 'text/html' } })
    expect(reply.json).toMatchObject({ status: 406, code: 'not_acceptable' })
    expect((await call(admin, 'GET', '/policy.yaml', { token, headers: { accept: 'application/yaml' } })).status).toBe(
      200,
    )
  })
})

describe('methods', () => {
  test('unknown ones, wrong ones, and what there is', async () => {
    const wrong = await call(admin, 'DELETE', '/agents', { token })
    expect(wrong.json).toMatchObject({ status: 405, code: 'method_not_allowed' })
    expect(wrong.headers.get('allow')?.split(', ').sort()).toEqual(['GET', 'HEAD', 'POST'])
    expect((await call(admin, 'PROPFIND', '/agents', { token })).json).toMatchObject({ status: 501 })
    expect((await call(admin, 'GET', '/elsewhere', { token })).json).toMatchObject({ status: 404, code: 'not_found' })
    expect((await call(admin, 'GET', '', { token })).status).toBe(404)
    const options = await call(admin, 'OPTIONS', '/policy', {})
    expect([options.status, options.text]).toEqual([200, ''])
    expect(options.headers.get('allow')?.split(', ').sort()).toEqual(['GET', 'HEAD', 'PUT'])
  })

  test('HEAD is GET without the body, and wants the same scope', async () => {
    const [get, head] = [
      await call(admin, 'GET', '/agents/agent:support', { token }),
      await call(admin, 'HEAD', '/agents/agent:support', { token }),
    ]
    expect([head.status, head.text, head.headers.get('etag')]).toEqual([200, '', get.headers.get('etag')])
    expect(head.headers.get('content-length')).toBe(String(Buffer.byteLength(get.text)))
    expect(
      (await call(admin, 'HEAD', '/agents/agent:support', { token: await personToken(admin, ['admin:write']) })).status,
    ).toBe(403)
  })

  test('what is not the admin API is left to the rest of the server', async () => {
    const response = await fetch(`${admin.issuer}/administration`)
    expect(response.headers.get('content-type')).not.toBe(problem)
  })
})

describe('conditions', () => {
  test('what is had already is not sent again', async () => {
    const first = await call(admin, 'GET', '/policy', { token })
    const etag = first.headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[\w-]{22}"$/u)
    const again = await call(admin, 'GET', '/policy', { token, headers: { 'if-none-match': etag } })
    expect([again.status, again.text]).toEqual([304, ''])
    expect((await call(admin, 'GET', '/policy', { token, headers: { 'if-none-match': '"other"' } })).status).toBe(200)
  })

  test('a change of what somebody else changed meanwhile is refused', async () => {
    await call(admin, 'POST', '/agents', { token, body: { id: 'agent:two', name: 'Two', owner: 'team' } })
    const etag = (await call(admin, 'GET', '/agents/agent:two', { token })).headers.get('etag') ?? ''
    const rename = (name: string, match: string) =>
      call(admin, 'PATCH', '/agents/agent:two', { token, body: { name }, headers: { 'if-match': match } })
    const replies = await Promise.all([rename('First', etag), rename('Second', etag)])
    expect(replies.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 412])
    const now = (await call(admin, 'GET', '/agents/agent:two', { token })).headers.get('etag') ?? ''
    expect((await rename('Third', `"other", ${now}`)).status).toBe(200)
    expect((await rename('Fourth', '*')).status).toBe(200)
    expect((await call(admin, 'PATCH', '/agents/agent:two', { token, body: { name: 'Fifth' } })).status).toBe(200)
  })

  test('a dangerous change has to say what it was made from', async () => {
    const etag = (await call(admin, 'GET', '/policy', { token })).headers.get('etag') ?? ''
    const body = withRole('conditions')
    const blind = await call(admin, 'PUT', '/policy', { token, body })
    expect(blind.json).toMatchObject({ status: 428, code: 'precondition_required' })
    const reply = await call(admin, 'PUT', '/policy', { token, body, headers: { 'if-match': etag } })
    expect(reply.status).toBe(200)
    expect(reply.headers.get('etag')).not.toBe(etag)
    const stale = await call(admin, 'PUT', '/policy', { token, body: policy, headers: { 'if-match': etag } })
    expect(stale.json).toMatchObject({ status: 412, code: 'precondition_failed' })
  })
})

describe('the policy by its parts', () => {
  const tag = async (path: string) => (await call(admin, 'GET', path, { token })).headers.get('etag') ?? ''
  const patch = async (path: string, body: unknown) =>
    call(admin, 'PATCH', path, { token, body, headers: { 'if-match': await tag(path) } })

  test('an entry is added, replaced and removed, and each time it is a new version', async () => {
    const { version } = (await call(admin, 'GET', '/policy/roles', { token })).json
    const added = await patch('/policy/roles', { auditor: { permissions: ['admin:audit'] } })
    expect(added.json).toMatchObject({ version: version + 1, entries: { auditor: { permissions: ['admin:audit'] } } })
    expect((await patch('/policy/roles', { auditor: null })).json.entries).not.toHaveProperty('auditor')
    const before = await call(admin, 'GET', `/policy/versions/${version + 1}`, { token })
    expect(before.json.document.roles).toHaveProperty('auditor')
    expect((await call(admin, 'GET', '/policy/versions/999', { token })).status).toBe(404)
  })

  test('rules are found by id', async () => {
    const rule = { effect: 'deny', when: { tools: ['get_bill'], weekdays: [7] } }
    expect((await patch('/policy/rules', { 'no-sundays': rule })).json.entries['no-sundays']).toEqual(rule)
    expect((await call(admin, 'GET', '/policy', { token })).json.document.rules).toContainEqual({
      id: 'no-sundays',
      ...rule,
    })
    expect((await patch('/policy/rules', { 'no-sundays': null })).json.entries).toHaveProperty('no-refunds')
  })

  test('what does not fit the rest is refused, and nothing changes', async () => {
    const { version } = (await call(admin, 'GET', '/policy', { token })).json
    const reply = await patch('/policy/roles', { support: { permissions: ['no:such'] } })
    expect(reply.json).toMatchObject({ status: 400, code: 'input_invalid' })
    expect((await patch('/policy/roles', { support: { permissions: 'all' } })).json.errors[0].pointer).toBe(
      '#/roles/support/permissions',
    )
    expect((await call(admin, 'GET', '/policy', { token })).json.version).toBe(version)
  })

  test('explain, dry run and lint', async () => {
    const question = {
      agentId: 'agent:support',
      resource: 'https://billing.example.com',
      scope: ['billing:read'],
      tool: 'get_bill',
    }
    const explained = await call(admin, 'POST', '/policy/explain', { token, body: question })
    expect(explained.json).toMatchObject({ allowed: true, permissions: [{ code: 'role', row: 'roles.support' }] })
    const document = { ...policy, roles: { support: { permissions: [] } } }
    const dry = await call(admin, 'POST', '/policy/dry-run', { token, body: { document, questions: [question] } })
    expect(dry.json).toMatchObject({
      changed: true,
      answers: [{ before: { allowed: true }, after: { allowed: false } }],
    })
    const lint = await call(admin, 'POST', '/policy/lint', { token, body: { document } })
    expect(lint.json.findings.map(({ code }: { code: string }) => code)).toContain('unused_permission')
    expect(
      (await call(admin, 'POST', '/policy/explain', { token, body: { ...question, agentId: 'agent:none' } })).status,
    ).toBe(404)
  })

  test('the policy file goes out and in', async () => {
    const file = await call(admin, 'GET', '/policy.yaml', { token })
    expect(file.headers.get('content-type')).toContain('application/yaml')
    const changed = file.text.replace('Read your bills', 'Read all your bills')
    const sent = { token, body: changed, type: 'application/yaml' }
    const dry = await call(admin, 'POST', '/policy.yaml/dry-run', sent)
    expect(dry.json.policy.permissions.after).toHaveProperty(['billing:read', 'words'], 'Read all your bills')
    expect(dry.json).toMatchObject({ agents: { registered: [], changed: [] } })
    expect((await call(admin, 'GET', '/policy.yaml', { token })).text).toBe(file.text)
    const headers = { 'if-match': file.headers.get('etag') ?? '' }
    const put = (body: string, match = headers) =>
      call(admin, 'PUT', '/policy.yaml', { token, body, type: 'application/yaml', headers: match })
    expect((await put(changed)).text).toBe(changed)
    expect((await put(changed)).status).toBe(412)
    const { 'if-match': _, ...none } = headers
    expect(
      (await call(admin, 'PUT', '/policy.yaml', { token, body: changed, type: 'application/yaml', headers: none }))
        .status,
    ).toBe(428)
    expect((await put('a: [', { 'if-match': '*' })).status).toBe(400)
  })
})

test('a refusal half-way undoes what was begun', async () => {
  await call(admin, 'POST', '/agents', { token, body: { id: 'agent:old', name: 'Old', owner: 'team' } })
  await call(admin, 'PATCH', '/agents/agent:old', { token, body: { status: 'retired' } })
  const file = await call(admin, 'GET', '/policy.yaml', { token })
  const text = file.text.replace('name: Old', 'name: Older').replace('Read all your bills', 'Read bills')
  expect(text).not.toBe(file.text)
  const headers = { 'if-match': file.headers.get('etag') ?? '' }
  const reply = await call(admin, 'PUT', '/policy.yaml', { token, body: text, type: 'application/yaml', headers })
  expect(reply.status).toBe(409)
  expect((await call(admin, 'GET', '/policy.yaml', { token })).text).toBe(file.text)
})

test('a change that the trail does not take is not made', async () => {
  const { database } = admin.context
  await database.query(
    `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'full'; end $$`,
  )
  await database.query('create trigger refuse before insert on audit_events for each row execute function refuse()')
  const headers = { 'idempotency-key': 'lost' }
  const body = { id: 'agent:lost', name: 'Lost', owner: 'team' }
  const reply = await call(admin, 'POST', '/agents', { token, body, headers })
  expect(reply.status).toBeGreaterThanOrEqual(500)
  expect((await call(admin, 'GET', '/agents/agent:lost', { token })).status).toBe(404)
  await database.query('drop trigger refuse on audit_events')
  expect((await call(admin, 'POST', '/agents', { token, body, headers })).status).toBe(201)
})
