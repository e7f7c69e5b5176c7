import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { contentDisposition } from '../../storage/content-disposition.ts';
import { HttpRefusal, send } from '../http.ts';
import { filesPath, uploadsPath } from './address.ts';
import type { TransferRow, UploadService } from './service.ts';

const fetchSeconds = 300;

/** Shown in a page; anything else is saved, so that nothing of a stranger runs under our name. */
const shownInline = /^(?:image\/(?:avif|gif|jpeg|png|webp)|video\/|audio\/)/;

function expired(): HttpRefusal {
  return new HttpRefusal(410, 'This address of a file is not valid any more.', {
    code: 'GONE',
    reason: 'upload.address_expired',
    cure: 'Ask the API for the file again; it gives a new address.',
  });
}

function mismatch(message: string): HttpRefusal {
  return new HttpRefusal(
    422,
    message,
    { code: 'INVALID', reason: 'upload.mismatch', cure: 'Send exactly the bytes that were announced.' },
    { connection: 'close' },
  );
}

/** One range of bytes (RFC 9110, 14.2): enough to seek in a film. Undefined: the whole; null: not to be satisfied. */
function rangeOf(
  header: string | undefined,
  size: number,
): { first: number; last: number } | undefined | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const [, from = '', to = ''] = match;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  return first <= last && first < size ? { first, last } : null;
}

async function fetchFile(
  uploads: UploadService,
  row: TransferRow,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const disposition = shownInline.test(row.content_type) ? 'inline' : 'attachment';
  const signed = await uploads.storage.signDownload?.(row.storage_path, {
    filename: row.filename,
    contentType: row.content_type,
    disposition,
    expiresInSeconds: fetchSeconds,
  });
  if (signed !== undefined) {
    send(response, 302, '', { location: signed.url, 'cache-control': 'private, no-store' });
    return;
  }
  const range = rangeOf(message.headers.range, row.size_bytes);
  if (range === null) {
    throw new HttpRefusal(
      416,
      'The file has no such bytes.',
      { code: 'BAD_REQUEST', limit: row.size_bytes },
      { 'content-range': `bytes */${row.size_bytes}` },
    );
  }
  const length = range === undefined ? row.size_bytes : range.last - range.first + 1;
  const headers = {
    'content-type': row.content_type,
    'content-length': String(length),
    'content-disposition': contentDisposition(disposition, row.filename),
    'accept-ranges': 'bytes',
    'cache-control': `private, max-age=${fetchSeconds}`,
    // A picture may be an SVG in disguise one day: nothing in a file runs or loads anything.
    'content-security-policy': "default-src 'none'; sandbox",
    'cross-origin-resource-policy': 'cross-origin',
    ...(range === undefined
      ? {}
      : { 'content-range': `bytes ${range.first}-${range.last}/${row.size_bytes}` }),
  };
  const { body } = await uploads.storage.get(row.storage_path, range);
  response.writeHead(range === undefined ? 200 : 206, headers);
  if (message.method === 'HEAD') {
    body.destroy();
    response.end();
    return;
  }
  await pipeline(body, response);
}

/** Answers an address of a file; false where it is none. */
export async function answerFile(
  uploads: UploadService,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const url = message.url ?? '/';
  if (url.startsWith(uploadsPath) && message.method === 'PUT') {
    const id = uploads.addresses.verify('send', url);
    if (id === undefined) throw expired();
    const gone = new AbortController();
    message.once('close', () => {
      if (!message.complete) gone.abort();
    });
    const outcome = await uploads.receive(id, message, gone.signal);
    if (outcome === 'not expected') throw expired();
    if (outcome === 'too long') throw mismatch('More bytes arrived than were announced.');
    send(response, 204, '', {});
    return true;
  }
  if (url.startsWith(filesPath) && (message.method === 'GET' || message.method === 'HEAD')) {
    const id = uploads.addresses.verify('fetch', url);
    const row = id === undefined ? undefined : await uploads.find(id);
    if (row === undefined || row.status !== 'ready' || row.is_deleted) throw expired();
    await fetchFile(uploads, row, message, response);
    return true;
  }
  return false;
}
