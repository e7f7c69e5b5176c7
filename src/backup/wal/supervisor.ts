import { type ChildProcess, fork } from 'node:child_process';
import { extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../log.ts';
import { type ReceiverSettings, receiverNewsShape } from './process.ts';

export interface SupervisedReceiver {
  /** Lets it take what the server has, and waits for its end as long as its settings say. */
  stop(): Promise<void>;
}

const program = join(import.meta.dirname, `process${extname(import.meta.filename)}`);

/** Starts the receiver as a process of its own; what is to be said of it goes to `onNews`. */
export function forkReceiver(settings: ReceiverSettings, onNews: (news: unknown) => void): ChildProcess {
  const child = fork(program, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
  child.on('message', onNews);
  // It ended before it could be told: its exit says so.
  child.send(settings, () => {});
  return child;
}

/** Keeps a receiver running beside this process: one that ended by itself is started again, later each time. */
export function superviseReceiver(settings: ReceiverSettings, log: Logger): SupervisedReceiver {
  const stopping = new AbortController();
  let child: ChildProcess | undefined;

  const once = async (): Promise<void> => {
    const running = forkReceiver(settings, (message) => {
      const news = receiverNewsShape.safeParse(message);
      if (!news.success) return;
      if (news.data.kind === 'gap') log.error(news.data, 'part of the log is lost: a new backup is needed');
      else if (news.data.problem !== undefined) log.warn(news.data, 'the log is not received');
      else log.info(news.data, 'receiver of the log');
    });
    child = running;
    await new Promise<void>((resolve) => {
      running.once('exit', () => resolve());
      running.once('error', () => resolve());
    });
    child = undefined;
  };

  const whole = (async () => {
    for (let wait = 1_000; !stopping.signal.aborted; wait = Math.min(wait * 2, 60_000)) {
      const begun = Date.now();
      await once();
      if (stopping.signal.aborted) return;
      if (Date.now() - begun > 60_000) wait = 1_000;
      log.error({ retryInMs: wait }, 'the receiver of the log has ended');
      await sleep(wait, undefined, { signal: stopping.signal }).catch(() => {});
    }
  })();

  return {
    async stop() {
      stopping.abort();
      child?.send('stop', () => {});
      await Promise.race([whole, sleep(settings.stopPatienceMs * 3, undefined, { ref: false })]);
      child?.kill('SIGKILL');
      await whole;
    },
  };
}
