import { randomBytes } from 'node:crypto';
import { escapeIdentifier } from 'pg';
import { connect, withDatabase } from '../postgres/connect.ts';
import { prepareDatabase } from '../postgres/prepare.ts';

/**
 * A database of its own beside the given one, dropped when `work` has ended, however it ended. `adminUrl` must be
 * allowed to create databases.
 */
export async function withScratchDatabase<Result>(
  adminUrl: string,
  purpose: 'verify' | 'objects' | 'plan' | 'rules' | 'drift',
  work: (url: string) => Promise<Result>,
): Promise<Result> {
  const name = `stoa_${purpose}_${randomBytes(6).toString('hex')}`;
  try {
    await prepareDatabase(adminUrl, name);
    return await work(withoutSync(withDatabase(adminUrl, name)));
  } finally {
    const admin = await connect(withDatabase(adminUrl, 'postgres'), 'migrate (scratch)');
    try {
      await admin.query(`drop database if exists ${escapeIdentifier(name)} with (force)`);
    } finally {
      await admin.end();
    }
  }
}

/** What is thrown away need not reach the disk. */
function withoutSync(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  const given = url.searchParams.get('options');
  url.searchParams.set('options', `${given === null ? '' : `${given} `}-c synchronous_commit=off`);
  return url.toString();
}
