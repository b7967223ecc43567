import { expect, it } from 'vitest'
import { smokeAgent } from './agent.js'

it('an agent does on this Node what it does on every runtime', async () => {
  expect(await smokeAgent()).toBe(9)
})
