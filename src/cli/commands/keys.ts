import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { listBackups, readEntry } from '../../backup/catalog.ts';
import { keyFile, newKeyPair, recipientOf } from '../../backup/keys/pair.ts';
import { rewrap } from '../../backup/keys/rewrap.ts';
import { identitiesOf, openBackupVault } from '../../backup/open.ts';
import { exitCodes, StoaError } from '../../errors.ts';
import { note, print, printJson, progress, table, warn } from '../output.ts';
import { settingsOf } from '../settings.ts';

function registerNew(keys: Command): void {
  keys
    .command('new')
    .description('make a pair: the public half encrypts backups, the private one reads them')
    .option('--out <FILE>', 'write the private half there, for its owner only')
    .option('--json', 'print the pair as JSON')
    .addHelpText(
      'after',
      `
The file is one of the program "age", which can read backups with it. Keep it where the database is not: whoever
has both the backups and this file can read everything, and who has lost it nothing.

Example:
  stoa keys new --out backup-key.txt
  STOA_BACKUP_RECIPIENTS=age1… stoa up`,
    )
    .action(async (flags: { out?: string; json?: true }) => {
      const pair = await newKeyPair();
      const text = keyFile(pair, new Date());
      if (flags.out !== undefined) {
        try {
          writeFileSync(flags.out, text, { mode: 0o600, flag: 'wx', flush: true });
        } catch (cause) {
          const isThere = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
          throw new StoaError(
            'keys.not_written',
            isThere ? `${flags.out} is there already.` : `${flags.out} cannot be written.`,
            { cure: 'Name another file.', exitCode: isThere ? exitCodes.refused : exitCodes.input, cause },
          );
        }
      }
      if (flags.json) {
        printJson(flags.out === undefined ? pair : { recipient: pair.recipient, file: flags.out });
        return;
      }
      if (flags.out === undefined) print(text.trimEnd());
      else print(`Private half: ${flags.out}\nPublic half:  ${pair.recipient}`);
      note('Encrypt for it: add the public half to STOA_BACKUP_RECIPIENTS.');
    });
}

function registerList(keys: Command): void {
  keys
    .command('list')
    .description('for whom backups are encrypted, and which of them can be read here')
    .option('--json', 'print it as JSON')
    .action(async (flags: { json?: true }, command: Command) => {
      const config = await settingsOf(command);
      const vault = await openBackupVault(config);
      try {
        const here = new Set<string>();
        for (const identity of identitiesOf(config.backupIdentity)) here.add(await recipientOf(identity));
        const counts = new Map<string, number>([...vault.recipients, ...here].map((name) => [name, 0]));
        let backups = 0;
        let plain = 0;
        for (const id of await listBackups(vault.storage)) {
          const { recipients } = await readEntry(vault.storage, id);
          backups += 1;
          if (recipients.length === 0) plain += 1;
          for (const name of recipients) counts.set(name, (counts.get(name) ?? 0) + 1);
        }
        const rows = [...counts].map(([recipient, count]) => ({
          recipient,
          isCurrent: vault.recipients.includes(recipient),
          isHere: here.has(recipient),
          backups: count,
        }));
        if (flags.json) {
          printJson({ keys: rows, backups, unencrypted: plain });
          return;
        }
        print(
          table(
            ['public half', 'new backups', 'private half', 'reads'],
            rows.map(({ recipient, isCurrent, isHere, backups: count }) => [
              recipient,
              isCurrent ? 'yes' : 'no',
              isHere ? 'here' : 'elsewhere',
              `${count} of ${backups}`,
            ]),
          ),
        );
        if (plain > 0) warn(`${plain} of ${backups} backups are not encrypted.`);
      } finally {
        vault.storage.close();
      }
    });
}

function registerRewrap(keys: Command): void {
  keys
    .command('rewrap')
    .description('let the present recipients read what was encrypted for others')
    .option('--json', 'print what was done as JSON')
    .addHelpText(
      'after',
      `
Needs a private half that reads the old backups (STOA_BACKUP_IDENTITY or STOA_BACKUP_IDENTITY_FILE). Writes a
small header beside each object and leaves the object as it is: nothing is encrypted again, and whoever could
read it still can. To take a key out of use, leave it out of STOA_BACKUP_RECIPIENTS and let old backups expire.`,
    )
    .action(async (flags: { json?: true }, command: Command) => {
      const config = await settingsOf(command);
      const vault = await openBackupVault(config);
      const bar = progress('rewrap', 'objects');
      try {
        const identities = identitiesOf(config.backupIdentity);
        const result = await rewrap({ vault, identities, onProgress: (done) => bar.update(done) });
        bar.end();
        if (flags.json) printJson(result);
        else print(`${result.objects} objects wrapped for ${vault.recipients.length} keys.`);
      } finally {
        bar.end();
        vault.storage.close();
      }
    });
}

export function registerKeys(program: Command): void {
  const keys = program
    .command('keys')
    .description('the keys that encrypt backups')
    .action(() => {
      keys.help({ error: true });
    });
  registerNew(keys);
  registerList(keys);
  registerRewrap(keys);
}
