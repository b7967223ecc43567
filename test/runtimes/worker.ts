import { smokeAgent } from './agent.js'
import { smoke } from './smoke.js'

/** `workerd test` runs this in a worker, with no Node compatibility. */
export default {
  async test(): Promise<void> {
    console.log(`${await smoke()} calls answered as they must be`)
    console.log(`${await smokeAgent()} things an agent did as it must`)
  },
}
