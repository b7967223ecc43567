import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request as send } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { billing, createAgent, introspect, type TestAgent } from './agent.js'
import { createPlace, freePort, type Place, type Program, run, serve } from './program.js'

let place: Place
let agent: TestAgent

beforeAll(async () => {
  place = await createPlace()
  agent = await createAgent()
  await place.file('encryption.key', randomBytes(32).toString('base64url'))
})
afterAll(() => place.remove())

/** Starts a server that listens. */
async function start(more: object = {}): Promise<{ readonly program: Program; readonly issuer: string }> {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const file = await place.configuration(
    { issuer, listen: { host: '127.0.0.1', port }, seed: agent.seed, ...more },
    `${port}.yaml`,
  )
  const program = serve([file])
  await program.until('listening')
  return { program, issuer }
}

async function stop(program: Program): Promise<void> {
  program.kill('SIGTERM')
  expect(await program.ended).toEqual({ code: 0, signal: null })
}

const read = async (url: string): Promise<Readonly<Record<string, unknown>>> => {
  const response = await fetch(url)
  // every one of these answers an object
  return { status: response.status, ...((await response.json()) as object) }
}

describe('a server in memory', () => {
  let program: Program
  let issuer: string
  beforeAll(async () => {
    ;({ program, issuer } = await start())
  })
  afterAll(async () => {
    await stop(program)
  })

  test('prints its configuration before it starts', () => {
    const [shown = ''] = program.output.out.split(/^\{/mu, 1)
    expect(parse(shown)).toMatchObject({ issuer, database: 'memory' })
  })

  test('is well, and ready', async () => {
    expect(await read(`${issuer}/healthz`)).toEqual({ status: 'ok' })
    expect(await read(`${issuer}/readyz`)).toEqual({ status: 'ok' })
  })

  test('is discovered', async () => {
    const metadata = await read(`${issuer}/.well-known/openid-configuration`)
    expect(metadata).toMatchObject({ issuer, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks` })
  })

  test('issues a token to an agent that proves itself with its key, once for each assertion', async () => {
    const assertion = await agent.assertion(issuer)
    const { status, token, body } = await agent.request(issuer, assertion)
    expect([status, body.scope]).toEqual([200, 'billing:export'])
    expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'at+jwt', alg: 'ES256' })
    expect(decodeJwt(token)).toMatchObject({ iss: issuer, aud: billing, client_id: 'support-app' })
    expect(await introspect(issuer, token)).toMatchObject({ active: true })
    expect(await agent.request(issuer, assertion)).toMatchObject({ status: 401, token: '' })
  })

  test('has no token, assertion or secret in its log', async () => {
    const assertion = await agent.assertion(issuer)
    const { token } = await agent.request(issuer, assertion)
    await expect.poll(() => program.output.out).toContain('"path":"/token"')
    const { out, error } = program.output
    for (const secret of [token, assertion]) expect(out + error).not.toContain(secret)
  })
})

describe('asked to stop', () => {
  test('answers the request under way, and ends', async () => {
    const { program, issuer } = await start()
    const form = new URLSearchParams({
      ...{ grant_type: 'client_credentials', resource: billing, scope: 'billing:export', client_id: 'support-app' },
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await agent.assertion(issuer),
    }).toString()
    const request = send(`${issuer}/token`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': form.length },
    })
    request.write(form.slice(0, 20))
    await once(request, 'socket')
    await expect.poll(() => fetch(`${issuer}/healthz`).then(({ status }) => status)).toBe(200)

    program.kill('SIGTERM')
    await program.until('stopping')
    await expect(fetch(`${issuer}/healthz`)).rejects.toThrow('fetch failed')
    request.end(form.slice(20))
    const [response] = await once(request, 'response')
    expect(response.statusCode).toBe(200)
    response.resume()
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expect(program.output.out).toContain('"msg":"stopped"')
  })

  test('waits for no connection that is merely open', async () => {
    const { program, issuer } = await start()
    expect((await agent.request(issuer)).status).toBe(200) // fetch keeps its connection
    await stop(program)
  })

  test('SIGINT is the same', async () => {
    const { program } = await start()
    program.kill('SIGINT')
    expect(await program.ended).toEqual({ code: 0, signal: null })
  })
})

describe('started', () => {
  test('on a port that is taken, says so and ends', async () => {
    const { program, issuer } = await start()
    const port = Number(new URL(issuer).port)
    const second = serve([await place.configuration({ issuer, listen: { host: '127.0.0.1', port } })])
    expect(await second.ended).toEqual({ code: 1, signal: null })
    expect(second.output.error).toContain('listen cannot be used: EADDRINUSE\n')
    await stop(program)
  })

  test('on a folder that another process has open, says so and ends', async () => {
    const lasting = { database: 'shared', encryptionKeyFiles: ['encryption.key'] }
    const { program, issuer } = await start(lasting)
    const second = serve([await place.configuration({ ...lasting, issuer }, 'second.yaml')])
    expect(await second.ended).toEqual({ code: 1, signal: null })
    expect(second.output.error).toMatch(/^database \S+shared is in use by another process$/mu)
    expect((await agent.request(issuer)).status).toBe(200)
    await stop(program)
  })

  test('again on the same folder, it knows its keys, its policy and its tokens, and takes no used assertion', async () => {
    const lasting = { database: 'state', encryptionKeyFiles: ['encryption.key'] }
    const { program, issuer } = await start(lasting)
    const assertion = await agent.assertion(issuer)
    const { token } = await agent.request(issuer, assertion)
    const keys = await read(`${issuer}/jwks`)
    await stop(program)

    const again = serve([join(place.folder, `${new URL(issuer).port}.yaml`)])
    await again.until('listening')
    expect(await read(`${issuer}/jwks`)).toEqual(keys)
    expect(await introspect(issuer, token)).toMatchObject({ active: true, aud: billing })
    expect(await agent.request(issuer, assertion)).toMatchObject({ status: 401, token: '' })
    expect((await agent.request(issuer)).status).toBe(200)
    await stop(again)
  })

  test('with another encryption key, it says so and ends', async () => {
    const lasting = { database: 'sealed', encryptionKeyFiles: ['encryption.key'] }
    const { program } = await start(lasting)
    await stop(program)
    await place.file('other.key', randomBytes(32).toString('base64url'))
    const issuer = 'http://127.0.0.1:3999'
    const file = await place.configuration({ ...lasting, issuer, encryptionKeyFiles: ['other.key'] }, 'other.yaml')
    const other = serve([file])
    expect(await other.ended).toEqual({ code: 1, signal: null })
    expect(other.output.error).toMatch(/^encryptionKey .+\n$/mu)
  })

  test('with another policy in its seed, it says that the earlier one is in force', async () => {
    const lasting = { database: 'policies', encryptionKeyFiles: ['encryption.key'] }
    const says = 'the policy in force is an earlier one of the seed: PUT /admin/policy changes it'
    const { program } = await start(lasting)
    await stop(program)
    const { program: same } = await start(lasting)
    await stop(same)
    expect(same.output.out).not.toContain(says)
    const rules = [{ id: 'none', effect: 'deny', when: { permissions: ['billing:export'] }, why: 'Never.' }]
    const { program: other, issuer } = await start({
      ...lasting,
      seed: { ...agent.seed, policy: { ...agent.seed.policy, rules } },
    })
    expect(other.output.out).toContain(says)
    expect((await agent.request(issuer)).status).toBe(200)
    await stop(other)
  })

  test('with what init wrote, its operator gets a token to read and to withdraw, its API one for the trail, and neither gets more', async () => {
    const folder = join(place.folder, 'operated')
    const port = await freePort()
    const issuer = `http://127.0.0.1:${port}`
    expect(await run(['init', folder, '--issuer', issuer]).ended).toEqual({ code: 0, signal: null })
    const program = serve([join(folder, 'auth.yaml')])
    await program.until('listening')

    const tokenOf = async (id: string, resource: string, scope: string): Promise<unknown> => {
      const secret = (await readFile(join(folder, `${id}.secret`), 'utf8')).trim()
      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { Authorization: `Basic ${btoa(`${id}:${secret}`)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource, scope }),
      })
      // a token, or an error
      return ((await response.json()) as { access_token?: string }).access_token
    }
    const token = await tokenOf('operator', `${issuer}/admin`, 'admin:read admin:revoke admin:audit')
    const headers = { Authorization: `Bearer ${token}` }
    for (const path of ['/admin/agents', '/admin/consents', '/admin/audit/events']) {
      expect((await fetch(`${issuer}${path}`, { headers })).status).toBe(200)
    }
    expect(await tokenOf('operator', `${issuer}/admin`, 'admin:write')).toBeUndefined()
    expect(await tokenOf('billing-api', `${issuer}/audit`, 'audit:write')).toEqual(expect.any(String))
    expect(await tokenOf('billing-api', `${issuer}/admin`, 'admin:read')).toBeUndefined()
    await stop(program)
  })

  test('with what init wrote, it issues the first token of the README', async () => {
    const folder = join(place.folder, 'auth')
    expect(await run(['init', folder]).ended).toEqual({ code: 0, signal: null })
    const port = await freePort()
    const issuer = `http://localhost:${port}`
    // what init wrote, on a port that is free here
    const settings = parse(await readFile(join(folder, 'auth.yaml'), 'utf8')) as object
    const file = await place.configuration(
      { ...settings, issuer, listen: { host: 'localhost', port }, encryptionKeyFiles: ['auth/encryption.key'] },
      'first.yaml',
    )
    const program = serve([file])
    await program.until('listening')

    const readme = await readFile(new URL('../../../packages/auth-server/README.md', import.meta.url), 'utf8')
    const [, script = ''] = /```js\n(import \{ randomUUID \}[\s\S]*?)```/u.exec(readme) ?? []
    const home = await mkdtemp(join(import.meta.dirname, '.readme-')) // from here its imports are found
    try {
      await writeFile(join(home, 'first.mjs'), script.replace('http://localhost:3000', issuer))
      const { stdout } = await promisify(execFile)(process.execPath, [join(home, 'first.mjs')], { cwd: place.folder })
      expect(stdout).toMatch(/access_token: '[\w-]+\.[\w-]+\.[\w-]+'/u)
      expect(stdout).toContain("scope: 'billing:export'")
    } finally {
      await rm(home, { recursive: true })
    }
    await stop(program)
  })
})
