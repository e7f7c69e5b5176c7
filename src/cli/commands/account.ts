import type { Command } from 'commander';
import type { ClientBase } from 'pg';
import { createAdministrator, issuePasswordLink, type PasswordLink } from '../../auth/operator.ts';
import { connect } from '../../postgres/connect.ts';
import { withOpenDatabase } from '../../postgres/database.ts';
import { ensureMigrated } from '../installation.ts';
import { note, print, printJson } from '../output.ts';
import { settingsOf } from '../settings.ts';

interface PrintOptions {
  readonly json?: true;
}

async function withLink(
  command: Command,
  options: PrintOptions,
  name: string,
  work: (client: ClientBase) => Promise<PasswordLink>,
): Promise<void> {
  const settings = await settingsOf(command);
  const { link, url } = await withOpenDatabase(
    settings,
    { command: `account ${name}`, onEvent: note },
    async (config) => {
      await ensureMigrated(config, settings);
      const client = await connect(config.databaseUrl, 'account');
      try {
        return { link: await work(client), url: config.publicUrl };
      } finally {
        await client.end();
      }
    },
  );
  const address = `${url}/reset-password#token=${link.token}`;
  if (options.json) {
    printJson({
      username: link.username,
      token: link.token,
      link: address,
      expiresAt: link.expiresAt.toISOString(),
    });
    return;
  }
  print(`${link.username} sets a password with this link, once, until ${link.expiresAt.toISOString()}:`);
  print();
  print(`  ${address}`);
  print();
  print('Without a web client, the same through the API:');
  print();
  print('  mutation { resetPassword(input: {');
  print(`    token: "${link.token}"`);
  print('    newPassword: "…"');
  print('  }) { done } }');
}

/** `stoa account`: what an operator does for somebody who cannot sign in. No password is ever typed or shown here. */
export function registerAccount(program: Command): void {
  const account = program
    .command('account')
    .description('the first administrator, and links to set a password');

  account
    .command('create-admin')
    .description('make an administrator, and print a link that sets the password')
    .requiredOption('--username <NAME>', '3 to 30 of a to z, 0 to 9 and _')
    .requiredOption('--email <ADDRESS>', 'where mails to this administrator go')
    .option('--json', 'print facts for machines')
    .addHelpText(
      'after',
      '\nExample:\n  stoa account create-admin --username ada --email ada@community.example',
    )
    .action(async (options: PrintOptions & { username: string; email: string }, command: Command) => {
      await withLink(command, options, 'create-admin', (client) => createAdministrator(client, options));
    });

  account
    .command('set-password-link')
    .description('print a link that sets a new password, for somebody whose mail does not arrive')
    .argument('<name>', 'username or e-mail address')
    .option('--json', 'print facts for machines')
    .action(async (name: string, options: PrintOptions, command: Command) => {
      await withLink(command, options, 'set-password-link', (client) => issuePasswordLink(client, name));
    });
}
