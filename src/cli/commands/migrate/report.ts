import { describeBlocker, queryOf } from '../../../migrate/blockers.ts';
import type { Listener, MigrationEvent, StatementPlace } from '../../../migrate/events.ts';
import { describeHolder } from '../../../migrate/lock.ts';
import { duration, note, styled, warn } from '../../output.ts';

export interface RunReport {
  readonly onEvent: Listener;
  /** Ends what is still being shown. */
  readonly end: () => void;
}

/** A statement that takes longer than this is shown while it runs. */
const patienceMs = 2_000;
/** How often that is said again where lines cannot be rewritten. */
const repeatMs = 15_000;
const nameWidth = 60;

/** Tells a person how a run goes, on standard error. */
export function runReport(options: { readonly isVerbose: boolean }): RunReport {
  const terminal = process.stderr.isTTY === true;
  let timer: NodeJS.Timeout | undefined;
  let isLineOpen = false;
  /** The name of a migration of which nothing has been said yet. */
  let unsaid: string | undefined;

  const clear = (): void => {
    clearInterval(timer);
    timer = undefined;
    if (isLineOpen) process.stderr.write('\r\u001b[2K');
    isLineOpen = false;
  };
  const sayName = (): void => {
    if (unsaid !== undefined) note(unsaid);
    unsaid = undefined;
  };
  const say = (line: string): void => {
    if (isLineOpen) process.stderr.write('\r\u001b[2K');
    isLineOpen = false;
    sayName();
    note(line);
  };
  const watch = (place: StatementPlace): void => {
    const begun = Date.now();
    let saidAt = begun;
    timer = setInterval(() => {
      const elapsed = Date.now() - begun;
      if (elapsed < patienceMs) return;
      const line = `    … ${describePlace(place)}, ${duration(elapsed)}`;
      if (terminal) {
        sayName();
        process.stderr.write(`\r\u001b[2K${line.slice(0, process.stderr.columns - 1)}`);
        isLineOpen = true;
      } else if (Date.now() - saidAt >= repeatMs) {
        saidAt = Date.now();
        say(line);
      }
    }, 500);
    timer.unref();
  };

  const onEvent = (event: MigrationEvent): void => {
    switch (event.type) {
      case 'waiting':
        warn('waiting for another migrator:');
        note(`    ${describeHolder(event.holder)}`);
        break;
      case 'statement':
        clear();
        watch(event.place);
        break;
      case 'statementDone':
        clear();
        if (options.isVerbose || event.elapsedMs >= patienceMs || isConcurrent(event.place)) {
          say(`    ${describePlace(event.place)}: ${duration(event.elapsedMs)}`);
        }
        break;
      case 'statementSkipped':
        say(`    ${describePlace(event.place)}: ${event.reason}`);
        break;
      case 'blocked':
        say(styled('yellow', `!   ${describePlace(event.place)} waits for`, process.stderr));
        for (const blocker of event.blockers) {
          say(`      ${shorten(describeBlocker(blocker), 94)}`);
          const query = queryOf(blocker);
          if (query !== undefined) say(styled('dim', `        ${shorten(query, 92)}`, process.stderr));
        }
        break;
      case 'retry':
        clear();
        say(
          styled(
            'yellow',
            `!   try ${event.attempt} of ${event.attempts}: ${event.reason}; again in ${duration(event.delayMs)}`,
            process.stderr,
          ),
        );
        break;
      case 'recovered':
        say(`    ${event.object} is dropped: ${event.reason}`);
        break;
      case 'warning':
        say(styled('yellow', `!   ${event.message}`, process.stderr));
        break;
      case 'migration':
        unsaid = `${event.direction === 'up' ? '↑' : '↓'} ${event.migration}`;
        break;
      case 'migrationDone': {
        clear();
        const took = styled('dim', duration(event.elapsedMs), process.stderr);
        if (unsaid === undefined) note(`    done in ${took}`);
        else note(`${unsaid.padEnd(nameWidth)}  ${took}`);
        unsaid = undefined;
        break;
      }
    }
  };
  return { onEvent, end: clear };
}

function isConcurrent(place: StatementPlace): boolean {
  return / concurrently$/.test(place.kind);
}

/** `statement 3 of 47 (create index concurrently, line 12)` */
export function describePlace(place: StatementPlace): string {
  return `statement ${place.statement} of ${place.statements} (${place.kind}, line ${place.line})`;
}

function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
