import { type IncomingHttpHeaders, request } from 'node:http';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface HttpQuestion {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** HTTP as it is on the wire: fetch keeps cookies, origins and connections to itself. A connection of its own each time. */
export function http(url: string | URL, question: HttpQuestion = {}): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: question.method ?? 'GET', headers: question.headers, agent: false },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => {
          text += part;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
        answer.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(question.body);
  });
}

/** A GraphQL request as a page sends it. */
export function post(
  url: string | URL,
  query: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpAnswer> {
  return http(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });
}

// biome-ignore lint/suspicious/noExplicitAny: each test knows the shape that it asked for
export function json(answer: HttpAnswer): any {
  return JSON.parse(answer.text);
}
