import { type Command, isReady, type RedisClient, sendTo } from './client.js'

/** Sends commands, and leaves nobody without an answer. */
export interface Commands {
  /**
   * Rejects at once while the client is not connected, so that nothing waits in its offline queue, and when too many
   * commands have had no answer; later when Redis refuses the command, or says nothing for a second.
   */
  send(...command: Command): Promise<unknown>
  /** Gives up what has no answer yet, and whatever comes after. */
  close(): void
}

/** Milliseconds that Redis may take. */
const patience = 1_000
/** Commands that a client may hold without an answer, those included that nobody waits for any more. */
const maxUnanswered = 10_000

export function createCommands(client: RedisClient): Commands {
  const waiting = new Set<(why: string) => void>()
  let unanswered = 0
  let isClosed = false

  /** An answer that came in while the process was busy still counts: it is heard before the limit is enforced. */
  function answerInTime(answer: Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const giveUp = (why: string): void => {
        stopWaiting()
        reject(new Error(why))
      }
      const stopWaiting = (): void => {
        clearTimeout(timer)
        waiting.delete(giveUp)
      }
      const timer = setTimeout(() => setImmediate(giveUp, `Redis gave no answer within ${patience} ms`), patience)
      waiting.add(giveUp)
      void answer.then(resolve, reject).finally(stopWaiting)
    })
  }

  return {
    async send(...command) {
      if (isClosed) throw new Error(closed)
      if (!isReady(client)) throw new Error('the Redis client is not connected')
      if (unanswered >= maxUnanswered) throw new Error(`Redis has not answered ${maxUnanswered} commands`)
      unanswered += 1
      const answer = sendTo(client, command).finally(() => {
        unanswered -= 1
      })
      return answerInTime(answer)
    },

    close() {
      isClosed = true
      for (const giveUp of waiting) giveUp(closed)
    },
  }
}

const closed = 'closed'
