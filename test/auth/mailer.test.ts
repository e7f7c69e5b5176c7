import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { composeMail, mailKinds } from '../../src/auth/mail-messages.ts';
import { createMailer } from '../../src/auth/mailer.ts';

const folder = mkdtempSync(join(tmpdir(), 'stoa-mailer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const silent = { info: () => {} };
const mail = { to: 'ada@example.org', subject: 'Hello', text: 'Hello Ada' };
const settings = { environment: 'development', projectDir: folder } as const;

describe('the mailer', () => {
  test('"log" writes the mail to the log', async () => {
    const lines: unknown[] = [];
    const mailer = await createMailer(
      { ...settings, mailer: 'log' },
      { info: (line: unknown) => lines.push(line) },
    );
    await mailer.send(mail);
    expect(lines).toEqual([{ mail }]);
  });

  test('"log" is refused in production, where the log would sign in whoever reads it', async () => {
    await expect(
      createMailer({ ...settings, mailer: 'log', environment: 'production' }, silent),
    ).rejects.toMatchObject({ code: 'mailer.log_in_production', exitCode: 3 });
  });

  test('an address is posted to, and a refusal there is a failure here', async () => {
    const bodies: unknown[] = [];
    let status = 202;
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        bodies.push(JSON.parse(body));
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('no address');
    const mailer = await createMailer({ ...settings, mailer: `http://127.0.0.1:${address.port}` }, silent);
    await mailer.send(mail);
    expect(bodies).toEqual([mail]);
    status = 503;
    await expect(mailer.send(mail)).rejects.toThrow('503');
    server.close();
  });

  test('a path is a module beside the settings that makes one', async () => {
    writeFileSync(
      join(folder, 'mailer.mjs'),
      'export const sent = []; export default () => ({ send: async (mail) => { sent.push(mail); } });',
    );
    const mailer = await createMailer({ ...settings, mailer: './mailer.mjs' }, silent);
    await mailer.send(mail);
    const { sent }: { sent: unknown[] } = await import(join(folder, 'mailer.mjs'));
    expect(sent).toEqual([mail]);
  });

  test.each([
    ['is not there', './missing.mjs', undefined],
    ['exports no function', './empty.mjs', 'export const nothing = 1;'],
    ['makes something that cannot send', './mute.mjs', 'export default () => ({});'],
  ])('a module that %s is an error with a cure', async (_what, path, text) => {
    if (text !== undefined) writeFileSync(join(folder, path), text);
    await expect(createMailer({ ...settings, mailer: path }, silent)).rejects.toMatchObject({
      code: 'mailer.unusable',
      cure: expect.stringContaining('send('),
    });
  });
});

describe('a mail', () => {
  const occasion = { address: 'ada@example.org', username: 'ada', url: 'https://community.example' };
  const token = { text: 'x'.repeat(43), expiresAt: new Date('2030-01-01T12:00:00Z') };

  test.each(mailKinds)('of kind %s has a subject, and a link exactly where there is a token', (kind) => {
    const without = composeMail({ ...occasion, kind });
    expect(without.subject).not.toBe('');
    expect(without.text).toMatch(/^Hello ada,\n\n/);
    expect(without.text).not.toContain('#token');
  });

  test('keeps its token behind the #, which no server sees, and says how long it works', () => {
    const { text } = composeMail({ ...occasion, kind: 'reset_password', token });
    expect(text).toContain(`https://community.example/reset-password#token=${token.text}`);
    expect(text).toContain('until 2030-01-01 12:00 UTC');
  });
});
