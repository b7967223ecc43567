import { smoke } from './smoke.js'

console.log(`${await smoke()} calls answered as they must be`)
