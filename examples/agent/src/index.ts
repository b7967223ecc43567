export { createTools } from './delegated-tools.js'
export { chooseModel, createScriptedModel, type ScriptedCall } from './model.js'
export { createTools as createStaticKeyTools } from './static-key-tools.js'
export { createSupportAgent } from './support-agent.js'
