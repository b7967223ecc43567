import { afterAll, beforeAll, expect, test } from 'vitest'
import { runAuthorizationScenarios, type Verdict } from './authorization-suite.js'
import { findPorts } from './callback-port.js'
import { type McpScene, openMcp, secretOf } from './scene.js'
import { describeSuite } from './suite.js'

/** The checks that pass whatever is asked for. */
const metadata = [
  { id: 'authorization-server-metadata', status: 'SUCCESS' },
  // clients are registered by the owner of the server, and fetched from nowhere
  expect.objectContaining({ id: 'authorization-server-metadata-cimd', status: 'WARNING' }),
]

describeSuite('the MCP conformance suite, of the auth server', () => {
  let scene: McpScene
  let ports: number[]
  beforeAll(async () => {
    ports = await findPorts(4)
    scene = await openMcp(ports.map((port) => `http://127.0.0.1:${port}/callback`))
  })
  afterAll(() => scene.close())

  /**
   * The suite shows no secret to a server that takes clients without one.
   *
   * @param scope what the person's browser adds to the request, for the suite names none
   */
  async function run(clientId: 'phone' | 'desk', scope?: string): Promise<readonly Verdict[]> {
    return runWith(clientId, async (url) => {
      if (scope !== undefined) url.searchParams.set('scope', scope)
      const { answer } = await scene.person().authorize(url)
      await (await fetch(answer)).text()
    })
  }

  async function runWith(clientId: 'phone' | 'desk', browse: (url: URL) => Promise<void>): Promise<readonly Verdict[]> {
    const { issuer } = scene
    const port = ports.shift() ?? 0 // one for each run
    const client = { clientId, clientSecret: secretOf(clientId) }
    return runAuthorizationScenarios({ issuer, ...client, port, resource: scene.tools.url.href }, browse)
  }

  test('its metadata are right, and the code flow gives a token for the scope that is asked for', async () => {
    expect(await run('phone', 'tools:call')).toEqual([
      { id: 'authorization-code-grant', status: 'SUCCESS' },
      ...metadata,
    ])
  })

  test('a client that has a secret and does not show it gets none', async () => {
    const errorMessage = 'Invalid status code: 401'
    expect(await run('desk', 'tools:call')).toEqual([
      { id: 'authorization-code-grant', status: 'FAILURE', errorMessage },
      ...metadata,
    ])
  })

  test('a request for no scope is refused as such (RFC 6749 section 3.3)', async () => {
    const errorMessage = expect.stringMatching(/^Authorization error: invalid_scope/)
    expect(await run('phone')).toEqual([
      { id: 'authorization-code-grant', status: 'FAILURE', errorMessage },
      ...metadata,
    ])
  })
  test('a browser that fails ends the run, with what it failed of', async () => {
    const failing = runWith('phone', () => Promise.reject(new Error('the browser failed')))
    await expect(failing).rejects.toThrow('the browser failed')
  })
})
