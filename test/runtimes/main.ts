import { smokeAgent } from './agent.js'
import { smoke } from './smoke.js'

console.log(`${await smoke()} calls answered as they must be`)
console.log(`${await smokeAgent()} things an agent did as it must`)
