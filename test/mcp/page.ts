import { type Scenario, scenarios, suiteVersion } from './scenarios.js'

const code = (text: string): string => `\`${text}\``

const outcomeOf = ({ fails }: Scenario): string =>
  fails.length === 0 ? 'every check' : `all but ${fails.map(code).join(', ')}`

/** The section of the README of `@behalf/agent` about the suite. */
export function formatSection(): string {
  const applicable = scenarios.filter(({ applies }) => applies !== 'no')
  const reasons = new Map<string, string[]>()
  for (const { name, why } of scenarios.filter(({ applies }) => applies === 'no')) {
    reasons.set(why, [...(reasons.get(why) ?? []), code(name.replace('auth/', ''))])
  }
  return [
    `Of the ${scenarios.length} \`auth/*\` client scenarios of \`@modelcontextprotocol/conformance\` ${suiteVersion}, ${applicable.length} apply to an`,
    'agent, in whole or in part:',
    '',
    '| scenario | passes | what it shows |',
    '| --- | --- | --- |',
    ...applicable.map((scenario) => `| ${code(scenario.name)} | ${outcomeOf(scenario)} | ${scenario.why} |`),
    '',
    'The others do not:',
    '',
    '| scenarios | why |',
    '| --- | --- |',
    ...[...reasons].map(([why, names]) => `| ${names.join(', ')} | ${why} |`),
  ].join('\n')
}
