import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type { Client } from 'pg';
import { exitCodes, StoaError } from '../../errors.ts';
import { connect } from '../../postgres/connect.ts';
import { withOpenDatabase } from '../../postgres/database.ts';
import { type Certificate, type ErasureOutcome, erasePeople } from '../../privacy/erasure.ts';
import { exportPerson } from '../../privacy/export.ts';
import { replayErasures } from '../../privacy/ledger.ts';
import { openPlaces, type Places } from '../../privacy/places.ts';
import type { Finding } from '../../privacy/scan.ts';
import { requireMigrated } from '../installation.ts';
import { note, print, printJson, progress, styled, table, wrapped } from '../output.ts';
import { settingsOf } from '../settings.ts';

interface Open {
  readonly client: Client;
  readonly places: Places;
}

/** As the worker: it may call what is about people, and read no table. */
async function withPrivacy(
  command: Command,
  name: string,
  work: (open: Open) => Promise<void>,
): Promise<void> {
  const settings = await settingsOf(command);
  await withOpenDatabase(settings, { command: `privacy ${name}`, onEvent: note }, async (config) => {
    await requireMigrated(config);
    const client = await connect(config.workerUrl, 'privacy');
    const places = await openPlaces(config);
    try {
      await work({ client, places });
    } finally {
      places.close();
      await client.end();
    }
  });
}

interface Person {
  readonly user_id: string;
  readonly username: string | null;
  readonly erased_at: Date | null;
}

async function personOf(client: Client, name: string): Promise<Person> {
  const { rows } = await client.query<Person>('select * from audit.find_person($1)', [name]);
  const [person] = rows;
  if (person === undefined) {
    throw new StoaError('user.unknown', `There is nobody called ${name}.`, {
      cure: 'Give a username, an e-mail address, the id of an account or that of a request.',
      exitCode: exitCodes.input,
    });
  }
  return person;
}

async function fileFor(out: string | undefined, name: string): Promise<string> {
  const chosen = resolve(out ?? '.');
  const isFolder = await stat(chosen).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder ? join(chosen, `stoa-export-${name}.zip`) : chosen;
}

interface ExportFlags {
  readonly out?: string;
  readonly files: boolean;
  readonly json?: true;
}

async function runExport({ client, places }: Open, name: string, flags: ExportFlags): Promise<void> {
  const person = await personOf(client, name);
  const path = await fileFor(flags.out, person.username ?? person.user_id);
  const unfinished = `${path}.unfinished`;
  const bar = progress('export', 'rows');
  const running = exportPerson(client, places.uploads, person.user_id, {
    withFiles: flags.files,
    onProgress: (rows, detail) => bar.update(rows, `(${detail})`),
  });
  try {
    await pipeline(running.archive, createWriteStream(unfinished, { mode: 0o600 }));
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  } finally {
    bar.end();
  }
  await client.query(`select audit.record('privacy.exported', 'core.users', $1)`, [person.user_id]);
  const { tables, files } = running.summary();
  const { size } = await stat(path);
  if (flags.json) {
    return printJson({
      userId: person.user_id,
      file: path,
      size,
      tables: tables.map(({ table: of, rows }) => ({ table: of, rows })),
      files: files.length,
    });
  }
  print(
    table(
      ['table', 'rows'],
      tables.map(({ table: of, rows }) => [of, rows]),
      { right: [1] },
    ),
  );
  print();
  print(`${path}: ${size.toLocaleString('en')} bytes, ${files.length} files. Open index.html in it.`);
}

async function confirmed(name: string, given: string | undefined): Promise<void> {
  let typed = given;
  if (typed === undefined && process.stdin.isTTY) {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    typed = await lines.question(`This cannot be undone. Type ${name} to erase this person: `);
    lines.close();
  }
  if (typed === name) return;
  throw new StoaError('privacy.not_confirmed', 'Nothing was erased: the name was not confirmed.', {
    cure: `Type it when asked, or say --yes ${name}.`,
    exitCode: exitCodes.refused,
  });
}

function printFound(found: readonly Finding[]): void {
  for (const line of table(
    ['column', 'what', 'rows', 'keys of the first'],
    found.map(({ column, kind, rows, keys }) => [
      column,
      kind,
      rows,
      keys.map((key) => JSON.stringify(key)).join(' '),
    ]),
    { right: [2] },
  ).split('\n')) {
    print(line);
  }
}

function printCertificate(certificate: Certificate): void {
  const { scan, rows } = certificate;
  print(styled('bold', `Certificate of erasure ${certificate.request}`));
  print();
  print(`  account   ${certificate.user}, a tombstone now`);
  print(`  begun     ${certificate.started_at}`);
  print(`  proved    ${certificate.finished_at}${certificate.is_replay ? ', again after a restore' : ''}`);
  print(`  scan      ${scan.tables} tables, nothing found; sha256 ${certificate.scan_sha256}`);
  print(`  rules     sha256 ${certificate.rules_sha256}`);
  print(`  ledger    ${certificate.ledger.key}`);
  print(`            sha256 ${certificate.ledger.sha256}`);
  print();
  print(
    table(
      ['done', 'rows'],
      Object.entries(rows).map(([step, amount]) => [step.split(' where ')[0], amount]),
      { right: [1] },
    ),
  );
  const told = [
    ...scan.mentioned.map((place) => ['named by others', place] as const),
    ...scan.inconclusive.map((place) => ['a common word', place] as const),
    ...scan.kept.filter(({ kind }) => kind !== 'id').map((place) => ['kept by rule', place] as const),
  ];
  if (told.length > 0) {
    print();
    print(
      table(
        ['still there', 'column', 'what', 'rows'],
        told.map(([why, { column, kind, rows: amount }]) => [why, column, kind, amount]),
        { right: [3] },
      ),
    );
  }
}

function finish(outcome: ErasureOutcome | undefined, asJson: true | undefined): void {
  if (outcome === undefined) return;
  if (outcome.certificate === undefined) process.exitCode = exitCodes.checkFailed;
  if (asJson) {
    printJson(
      outcome.certificate ?? {
        request: outcome.requestId,
        found: outcome.scan.found,
        heldIn: outcome.heldIn,
      },
    );
  } else if (outcome.certificate !== undefined) {
    printCertificate(outcome.certificate);
  } else {
    if (outcome.heldIn.length > 0) {
      print(wrapped(`A legal hold keeps rows in ${outcome.heldIn.join(', ')} (stoa hold list).`));
      print('The request stays open until it is released.');
    }
    if (outcome.scan.found.length > 0) {
      print('The person was found still; the request stays open:');
      print();
      printFound(outcome.scan.found);
    }
  }
}

interface EraseFlags {
  readonly now?: true;
  readonly yes?: string;
  readonly reason?: string;
  readonly json?: true;
}

async function runErase({ client, places }: Open, name: string, flags: EraseFlags): Promise<void> {
  const person = await personOf(client, name);
  await confirmed(person.username ?? person.user_id, flags.yes);
  const { rows } = await client.query<{ id: string }>(
    `select audit.operator_request($1, 'erase', $2, $3) as id`,
    [person.user_id, flags.reason ?? null, flags.now ?? false],
  );
  const requestId = rows[0]?.id ?? '';
  if (!flags.now) {
    if (flags.json) return printJson({ request: requestId });
    print(`Request ${requestId} is open. It is carried out when its time has come; --now does not wait.`);
    return;
  }
  const bar = progress('erasure', 'done');
  const outcomes = await erasePeople(client, places, [requestId], {
    isEarly: true,
    onProgress: ({ phase, done, detail }) => bar.update(done, `${phase}: ${detail}`),
  }).finally(() => bar.end());
  finish(outcomes[0], flags.json);
}

interface Listed {
  readonly id: string;
  readonly user_id: string;
  readonly kind: string;
  readonly status: string;
  readonly not_before: Date;
  readonly completed_at: Date | null;
  readonly error: string | null;
  readonly findings: readonly Finding[] | null;
  readonly certificate: Certificate | null;
}

async function listed(client: Client, name: string | undefined): Promise<readonly Listed[]> {
  const person = name === undefined ? undefined : await personOf(client, name);
  const { rows } = await client.query<Listed>('select * from audit.privacy_list($1)', [
    person?.user_id ?? null,
  ]);
  return rows;
}

export function registerPrivacy(program: Command): void {
  const privacy = program
    .command('privacy')
    .description("give people a copy of their data, erase it, and prove that it's gone")
    .action(() => {
      privacy.help({ error: true });
    });

  privacy
    .command('export')
    .description('write everything that is stored about a person into one ZIP archive')
    .argument('<user>', 'username, e-mail address or id')
    .option('--out <PATH>', 'a file, or a folder for it (default: here)')
    .option('--no-files', 'leave out the bytes of uploads')
    .option('--json', 'print facts for machines')
    .action(async (name: string, flags: ExportFlags, command: Command) => {
      await withPrivacy(command, 'export', (open) => runExport(open, name, flags));
    });

  privacy
    .command('erase')
    .description('erase a person, or ask for it')
    .argument('<user>', 'username, e-mail address or id')
    .option('--now', 'do not wait for the days in which the request can be taken back')
    .option('--yes <NAME>', 'the username again, instead of typing it')
    .option('--reason <TEXT>', 'kept in the audit log')
    .option('--json', 'print the certificate as JSON')
    .addHelpText(
      'after',
      `
What happens to each column is in ops.personal_data_rules. Cut off anywhere, the same command goes on. At the
end every column of every table is searched for the person; found again, the request stays open.

Exit codes: ${exitCodes.ok} erased and proved, ${exitCodes.refused} refused, ${exitCodes.checkFailed} the person was found still.`,
    )
    .action(async (name: string, flags: EraseFlags, command: Command) => {
      await withPrivacy(command, 'erase', (open) => runErase(open, name, flags));
    });

  privacy
    .command('list')
    .description('requests for export and erasure, newest first')
    .argument('[user]', 'of one person')
    .option('--json', 'print facts for machines')
    .action(async (name: string | undefined, flags: { json?: true }, command: Command) => {
      await withPrivacy(command, 'list', async ({ client }) => {
        const rows = await listed(client, name);
        if (flags.json) return printJson(rows);
        print(
          table(
            ['request', 'kind', 'status', 'due', 'done'],
            rows.map((row) => [
              row.id,
              row.kind,
              row.status,
              row.not_before.toISOString().slice(0, 10),
              row.completed_at?.toISOString().slice(0, 10),
            ]),
          ),
        );
        for (const { id, error, findings } of rows.filter((row) => row.error !== null)) {
          print();
          print(`${id}: ${error}`);
          if (findings !== null) printFound(findings);
        }
      });
    });

  privacy
    .command('certificate')
    .description('print the certificate of an erasure')
    .argument('<request-or-user>', 'id of the request, or of the account')
    .option('--json', 'print it as JSON')
    .action(async (name: string, flags: { json?: true }, command: Command) => {
      await withPrivacy(command, 'certificate', async ({ client }) => {
        const rows = await listed(client, name);
        const found =
          rows.find(({ id, certificate }) => certificate !== null && id === name.toLowerCase()) ??
          rows.find(({ certificate }) => certificate !== null);
        if (!found?.certificate) {
          throw new StoaError('privacy.no_certificate', `No erasure of ${name} is proved.`, {
            cure: 'Look at "stoa privacy list".',
            exitCode: exitCodes.input,
          });
        }
        if (flags.json) return printJson(found.certificate);
        printCertificate(found.certificate);
      });
    });

  privacy
    .command('replay')
    .description('erase again who came back with a restore, by the ledger that lies with the backups')
    .option('--json', 'print facts for machines')
    .addHelpText(
      'after',
      `\nExit codes: ${exitCodes.ok} everybody in the ledger is gone, ${exitCodes.checkFailed} somebody is not, or the ledger is broken.`,
    )
    .action(async (flags: { json?: true }, command: Command) => {
      await withPrivacy(command, 'replay', async ({ client, places }) => {
        const bar = progress('replay', 'people');
        const result = await replayErasures(client, places, {
          onProgress: ({ done, total, detail }) => bar.update(done, `of ${total} ${detail}`),
        }).finally(() => bar.end());
        if (result.failed.length > 0) process.exitCode = exitCodes.checkFailed;
        if (flags.json) return printJson(result);
        print(
          `${result.replayed} erased again, ${result.alreadyGone} gone already, ${result.failed.length} failed.`,
        );
        if (result.failed.length === 0) return;
        print();
        print(
          table(
            ['code', 'request', 'why'],
            result.failed.map(({ code, requestId, reason }) => [code, requestId, reason]),
          ),
        );
      });
    });
}
