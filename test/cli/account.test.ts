import { describe, expect, test } from 'vitest';
import { exitCodes } from '../../src/errors.ts';
import { refusalOf, signInFixture } from '../auth/fixture.ts';
import { temporaryProject } from '../harness/installation.ts';

const { db, service, person } = await signInFixture();
const project = await temporaryProject();

const stoa = (...args: readonly string[]) => project.run(args, { DATABASE_URL: db.url });
const tokenOf = (text: string) => /token=([\w-]{43})/.exec(text)?.[1] ?? '';

describe('stoa account create-admin', () => {
  test('makes an administrator whose password is set by the printed link, once', async () => {
    const { code, stdout, stderr } = await stoa(
      'account',
      'create-admin',
      '--username',
      'Root_of_all',
      '--email',
      'root@example.org',
    );
    expect(stderr).toBe('');
    expect(code).toBe(exitCodes.ok);
    expect(await refusalOf(service.signIn('root_of_all', '', {}))).toBe('sign_in.failed');

    await service.resetPassword(tokenOf(stdout), 'chosen by hand');
    await expect(service.signIn('root_of_all', 'chosen by hand', {})).resolves.toMatchObject({
      tokens: { role: 'admin' },
    });
    expect(await refusalOf(service.resetPassword(tokenOf(stdout), 'chosen again'))).toBe('token.spent');
    const { rows } = await db.query("select from audit.logs where action = 'create_administrator'");
    expect(rows).toHaveLength(1);
  });

  test('prints facts for machines, and refuses a name or an address that is taken', async () => {
    const { stdout } = await stoa(
      'account',
      'create-admin',
      '--username',
      'zoe',
      '--email',
      'zoe@example.org',
      '--json',
    );
    expect(JSON.parse(stdout)).toEqual({
      username: 'zoe',
      token: expect.stringMatching(/^[\w-]{43}$/),
      link: expect.stringContaining('/reset-password#token='),
      expiresAt: expect.stringMatching(/Z$/),
    });
    const taken = await stoa('account', 'create-admin', '--username', 'zoe', '--email', 'other@example.org');
    expect(taken).toMatchObject({ code: exitCodes.refused, stdout: '' });
    expect(taken.stderr).toContain('This username is taken.');
    const address = await stoa('account', 'create-admin', '--username', 'zoe2', '--email', 'ZOE@example.org');
    expect(address.code).toBe(exitCodes.refused);
    const { rowCount } = await db.query("select from core.users where username = 'zoe2'");
    expect(rowCount).toBe(0);
  });
});

describe('stoa account set-password-link', () => {
  test('finds somebody by either name', async () => {
    const ada = await person('ada');
    for (const name of ['ada', 'ADA@example.org']) {
      const { stdout } = await stoa('account', 'set-password-link', name);
      await service.resetPassword(tokenOf(stdout), `set for ${name}`);
      await expect(service.signIn(ada.username, `set for ${name}`, {})).resolves.toMatchObject({
        kind: 'complete',
      });
    }
  });

  test('refuses a name that nobody has, and an account without an address', async () => {
    const unknown = await stoa('account', 'set-password-link', 'nobody');
    expect(unknown.code).toBe(exitCodes.refused);
    expect(unknown.stderr).toContain('There is no such person.');
    await db.query("insert into core.users (username) values ('bare')");
    const bare = await stoa('account', 'set-password-link', 'bare');
    expect(bare.stderr).toContain('no e-mail address');
  });
});
