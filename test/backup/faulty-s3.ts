import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What goes wrong with a request; the first that answers something decides. */
export type Fault =
  /** 503 SlowDown. */
  | 'slow down'
  /** The connection is reset in the middle of what is sent. */
  | 'reset'
  /** A body of the right length announced, and half of it sent. */
  | 'cut short'
  /** Half of the body, and a length that fits it. */
  | 'half'
  /** One bit of the body. */
  | 'flipped'
  /** Not in the list, although it is there. */
  | 'unlisted'
  /** 403 for what a lock protects. */
  | 'locked'
  /** 404 for what is listed. */
  | 'gone'
  /** 507. */
  | 'full';

export interface Request {
  readonly method: string;
  readonly key: string;
  /** Of a part of an upload. */
  readonly part: number | undefined;
}

export interface FaultyS3 {
  readonly endpoint: string;
  readonly objects: ReadonlyMap<string, Buffer>;
  /** Parts of objects that were neither finished nor given up. */
  readonly uploads: ReadonlyMap<string, unknown>;
  readonly requests: readonly Request[];
  /** Asked for each request; undefined: nothing goes wrong. */
  fail(decide: (request: Request) => Fault | undefined): void;
  close(): Promise<void>;
}

interface Upload {
  readonly key: string;
  readonly parts: Map<number, Buffer>;
  readonly startedAt: Date;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const etagOf = (bytes: Buffer): string => `"${createHash('md5').update(bytes).digest('hex')}"`;

/**
 * A service that speaks enough of the protocol of S3 for one bucket, and misbehaves as it is told. It does not look at
 * signatures.
 */
export async function startFaultyS3(bucket: string): Promise<FaultyS3> {
  const objects = new Map<string, Buffer>();
  const uploads = new Map<string, Upload>();
  const requests: Request[] = [];
  let decide: (request: Request) => Fault | undefined = () => undefined;

  const xml = (response: ServerResponse, status: number, text: string): void => {
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(`<?xml version="1.0" encoding="UTF-8"?>${text}`);
  };
  const refuse = (response: ServerResponse, status: number, code: string): void =>
    xml(response, status, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`);

  function list(response: ServerResponse, query: URLSearchParams): void {
    const prefix = query.get('prefix') ?? '';
    const after = query.get('continuation-token') ?? '';
    const all = [...objects.keys()]
      .filter((key) => key.startsWith(prefix) && key > after)
      .filter((key) => decide({ method: 'LIST', key, part: undefined }) !== 'unlisted')
      .sort();
    const page = all.slice(0, 3);
    const next = all.length > page.length ? page.at(-1) : undefined;
    const contents = page.map((key) => {
      const size = objects.get(key)?.length ?? 0;
      return `<Contents><Key>${escaped(key)}</Key><Size>${size}</Size><LastModified>${new Date().toISOString()}</LastModified></Contents>`;
    });
    const more = next === undefined ? '' : `<NextContinuationToken>${escaped(next)}</NextContinuationToken>`;
    xml(
      response,
      200,
      `<ListBucketResult><IsTruncated>${next !== undefined}</IsTruncated>${more}${contents.join('')}</ListBucketResult>`,
    );
  }

  function get(
    request: IncomingMessage,
    response: ServerResponse,
    key: string,
    fault: Fault | undefined,
  ): void {
    const whole = objects.get(key);
    if (!whole) {
      refuse(response, 404, 'NoSuchKey');
      return;
    }
    const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '');
    const first = Number(range?.[1] ?? 0);
    const last = range?.[2] ? Math.min(Number(range[2]), whole.length - 1) : whole.length - 1;
    let bytes = Buffer.from(whole.subarray(first, last + 1));
    if (fault === 'flipped') {
      const at = Math.floor(bytes.length / 2);
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    }
    if (fault === 'half') bytes = bytes.subarray(0, Math.floor(bytes.length / 2));
    response.writeHead(range ? 206 : 200, {
      'content-length': bytes.length,
      'last-modified': new Date().toUTCString(),
      etag: etagOf(whole),
      ...(range ? { 'content-range': `bytes ${first}-${last}/${whole.length}` } : {}),
    });
    if (request.method === 'HEAD') response.end();
    else if (fault !== 'cut short') response.end(bytes);
    else response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.socket?.destroy());
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://s3');
    const key = decodeURIComponent(url.pathname.slice(bucket.length + 2));
    const query = url.searchParams;
    const method = request.method ?? '';
    const partText = query.get('partNumber');
    const asked = { method, key, part: partText === null ? undefined : Number(partText) };
    requests.push(asked);
    const fault = key === '' ? undefined : decide(asked);
    if (fault === 'slow down') {
      request.resume();
      return refuse(response, 503, 'SlowDown');
    }
    if (fault === 'full') {
      request.resume();
      return refuse(response, 507, 'InsufficientStorage');
    }
    if (fault === 'gone') {
      response.writeHead(404);
      return void response.end();
    }
    if (fault === 'locked') return refuse(response, 403, 'AccessDenied');
    if (fault === 'reset') {
      request.once('data', () => request.socket.resetAndDestroy());
      return;
    }
    const uploadId = query.get('uploadId');
    if (key === '' && query.has('uploads')) {
      const found = [...uploads].map(
        ([id, upload]) =>
          `<Upload><Key>${escaped(upload.key)}</Key><UploadId>${id}</UploadId><Initiated>${upload.startedAt.toISOString()}</Initiated></Upload>`,
      );
      return xml(
        response,
        200,
        `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${found.join('')}</ListMultipartUploadsResult>`,
      );
    }
    if (key === '') return list(response, query);
    if (method === 'POST' && query.has('uploads')) {
      const id = randomUUID();
      uploads.set(id, { key, parts: new Map(), startedAt: new Date() });
      return xml(
        response,
        200,
        `<InitiateMultipartUploadResult><Key>${escaped(key)}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      );
    }
    if (uploadId !== null) {
      const upload = uploads.get(uploadId);
      if (!upload) return refuse(response, 404, 'NoSuchUpload');
      if (method === 'PUT') {
        const bytes = await bodyOf(request);
        upload.parts.set(asked.part ?? 0, bytes);
        response.writeHead(200, { etag: etagOf(bytes) });
        return void response.end();
      }
      uploads.delete(uploadId);
      if (method === 'DELETE') {
        response.writeHead(204);
        return void response.end();
      }
      await bodyOf(request);
      const parts = [...upload.parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes);
      objects.set(key, Buffer.concat(parts));
      return xml(
        response,
        200,
        `<CompleteMultipartUploadResult><Key>${escaped(key)}</Key><ETag>"x-${parts.length}"</ETag></CompleteMultipartUploadResult>`,
      );
    }
    if (method === 'PUT') {
      const bytes = await bodyOf(request);
      objects.set(key, bytes);
      response.writeHead(200, { etag: etagOf(bytes) });
      return void response.end();
    }
    if (method === 'DELETE') {
      objects.delete(key);
      response.writeHead(204);
      return void response.end();
    }
    if (method === 'HEAD' && !objects.has(key)) {
      response.writeHead(404);
      return void response.end();
    }
    get(request, response, key, fault);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    objects,
    uploads,
    requests,
    fail(next) {
      decide = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
