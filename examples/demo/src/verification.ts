import { type Answer, ada, type Stage } from '@behalf/example-stage'
import { memberOf, textOf } from './members.js'
import { paint, print } from './paint.js'

/** A byte away from Ada. */
const somebodyElse = ada.subject.replace(/.$/u, 'e')

/**
 * Verifies the trail as it is, with a byte of it changed, and as it was.
 *
 * @param decisions - of APIs: one that allowed a call is changed
 * @returns whether the changed record was found, and nothing else
 */
export async function tellVerification(stage: Stage, decisions: readonly Answer[]): Promise<boolean> {
  const { audit, database } = stage.authority.context
  await audit.checkpoint()
  const victim = decisions.findLast(
    (event) => textOf(event, 'decision') === 'allow' && textOf(event, 'subject', 'id') === ada.subject,
  )

  /** What somebody with the password of the database can do. */
  async function alter(from: string, to: string): Promise<void> {
    await database.transaction(async () => {
      await database.query('set local session_replication_role = replica') // the table itself refuses changes
      await database.query('update audit_events set event = replace(event, $1, $2) where position($3 in event) > 0', [
        from,
        to,
        `"${textOf(victim, 'id')}"`,
      ])
    })
  }

  const before = await verify(stage)
  print(
    `  Read again from the first, ${before.events} events: ${before.faults[0] ?? 'every hash and every signature fits'}.`,
  )
  await alter(ada.subject, somebodyElse)
  const [found] = (await verify(stage)).faults
  print(
    `  One byte of a decision changed in the database, so that it was for somebody else: ${paint('red', found ?? 'NOBODY NOTICES')}.`,
  )
  await alter(somebodyElse, ada.subject)
  const after = await verify(stage)
  print(`  Put back as it was: ${after.faults[0] ?? 'every hash and every signature fits'}.`)
  return before.faults.length === 0 && isNamed(found, victim) && after.faults.length === 0
}

/** Whether a fault is at the record that was changed. */
function isNamed(fault: string | undefined, victim: Answer | undefined): boolean {
  const [source, seq] = [sourceOf(textOf(victim, 'integrity', 'chain')), memberOf(memberOf(victim, 'integrity'), 'seq')]
  return fault === `record ${String(seq)} of ${source} is altered`
}

/** Who writes a chain. */
function sourceOf(chain: string): string {
  const [source = ''] = chain.replace('api:', '').split('/')
  return source
}

/** How many events there are, and what is wrong with them, in words. */
async function verify({ security }: Stage): Promise<{ readonly events: number; readonly faults: readonly string[] }> {
  const report = await security.get('/audit/verification')
  const chains = memberOf(report, 'chains') as readonly Answer[] // objects, says the API's description
  return {
    events: chains.reduce((sum, chain) => sum + Number(memberOf(chain, 'events')), 0),
    faults: chains
      .filter((chain) => memberOf(chain, 'fault') !== undefined)
      .map((chain) => {
        const seq = String(memberOf(memberOf(chain, 'fault'), 'seq'))
        return `record ${seq} of ${sourceOf(textOf(chain, 'chain'))} is ${textOf(chain, 'fault', 'what')}`
      }),
  }
}
