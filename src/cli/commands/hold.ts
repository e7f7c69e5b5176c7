import type { Command } from 'commander';
import type { Client } from 'pg';
import { withOpenDatabase } from '../../postgres/database.ts';
import { connectOwner } from '../../postgres/owner.ts';
import { listHoldKinds, listHolds, placeHold, releaseHold } from '../../retention/holds.ts';
import { requireMigrated } from '../installation.ts';
import { note, print, printJson, table } from '../output.ts';
import { settingsOf } from '../settings.ts';

interface ChangeFlags {
  readonly reason: string;
  readonly by?: string;
  readonly json?: true;
}

async function withOwner(command: Command, work: (client: Client) => Promise<void>): Promise<void> {
  const settings = await settingsOf(command);
  await withOpenDatabase(settings, { command: 'hold', onEvent: note }, async (config) => {
    await requireMigrated(config);
    const client = await connectOwner(config.databaseUrl, 'hold');
    try {
      await work(client);
    } finally {
      await client.end();
    }
  });
}

export function registerHold(program: Command): void {
  const hold = program
    .command('hold')
    .description('legal holds: what must not be deleted')
    .action(() => {
      hold.help({ error: true });
    });

  hold
    .command('add')
    .description('keep a person or a container, whatever its age and whoever asks')
    .argument('<KIND>', 'user, conversation, group, channel, forum … ("stoa hold list --kinds")')
    .argument('<SUBJECT>', 'its id; of a user also the username')
    .requiredOption('--reason <TEXT>', 'who asked for it and under which number')
    .option('--by <NAME>', 'who places it (default: the login of the database)')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
From then on retention, archives and erasure leave it, and say so. A person: every row that names them, and every row
with which one of theirs would go. A container: everything in it. It is written into the audit log.`,
    )
    .action(async (kind: string, subject: string, flags: ChangeFlags, command: Command) => {
      await withOwner(command, async (client) => {
        const id = await placeHold(client, {
          kind,
          subject,
          reason: flags.reason,
          ...(flags.by === undefined ? {} : { by: flags.by }),
        });
        if (flags.json) return printJson({ id });
        print(`Held: ${kind} ${subject}.`);
        print(`"stoa hold release ${id} --reason …" ends it.`);
      });
    });

  hold
    .command('list')
    .description('what is held, since when and why')
    .option('--all', 'also what was released')
    .option('--kinds', 'what a hold can be put on, instead')
    .option('--json', 'print the result as JSON')
    .action(async (flags: { all?: true; kinds?: true; json?: true }, command: Command) => {
      await withOwner(command, async (client) => {
        if (flags.kinds) {
          const kinds = await listHoldKinds(client);
          if (flags.json) return printJson(kinds);
          return print(
            table(
              ['kind', 'what'],
              kinds.map(({ kind, label }) => [kind, label]),
            ),
          );
        }
        const holds = await listHolds(client, { all: flags.all ?? false });
        if (flags.json) return printJson(holds);
        if (holds.length === 0) return print('Nothing is held.');
        for (const found of holds) {
          const end =
            found.releasedAt === null
              ? ''
              : `\n  released ${found.releasedAt.toISOString()} by ${found.releasedBy}\n    ${found.releaseReason}`;
          print(
            `${found.id}  ${found.kind} ${found.subjectId}\n  since ${found.placedAt.toISOString()} by ${found.placedBy}\n    ${found.reason}${end}`,
          );
        }
      });
    });

  hold
    .command('release')
    .description('end a hold; what is past its age goes with the next run')
    .argument('<HOLD>', 'its id, from "stoa hold list"')
    .requiredOption('--reason <TEXT>', 'why it ended')
    .option('--by <NAME>', 'who ends it (default: the login of the database)')
    .option('--json', 'print the result as JSON')
    .action(async (id: string, flags: ChangeFlags, command: Command) => {
      await withOwner(command, async (client) => {
        await releaseHold(client, {
          id,
          reason: flags.reason,
          ...(flags.by === undefined ? {} : { by: flags.by }),
        });
        if (flags.json) return printJson({ id, released: true });
        print('Released.');
      });
    });
}
