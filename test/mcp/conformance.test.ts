import { expect, test } from 'vitest'
import { scenarios, suiteVersion } from './scenarios.js'
import { describeSuite, listClientScenarios, readSuiteVersion, runClientScenario } from './suite.js'

describeSuite('the MCP conformance suite, of @behalf/agent', () => {
  test('is the one that the table is about, and has no scenario that is not in it', async () => {
    expect(await readSuiteVersion()).toBe(suiteVersion)
    const there = (await listClientScenarios()).filter((name) => name.startsWith('auth/'))
    expect(scenarios.map(({ name }) => name)).toEqual(there)
  })

  const applicable = scenarios.filter(({ applies }) => applies !== 'no')
  test.concurrent.for(applicable)('$name: $why', async ({ name, passes, fails, ends }, { expect }) => {
    const { passed, failed, called, resources, log } = await runClientScenario(name)
    expect({ failed, called, missing: passes.filter((id) => !passed.includes(id)) }, log).toEqual({
      failed: fails,
      called: ends === 'called',
      missing: [],
    })
    expect(resources.filter((resource) => !/^http:\/\/localhost:\d+(?:\/mcp)?$/u.test(resource))).toEqual([])
  })
})
