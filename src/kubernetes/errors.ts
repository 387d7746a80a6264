import { z } from 'zod';
import { KollageError, messageOf } from '../model/error.ts';
import { kinds, type Where } from './kinds.ts';

/** What the API server says of a request that it refused (`meta/v1 Status`). */
const status = z.looseObject({
  message: z.string().default(''),
  reason: z.string().default(''),
  details: z
    .looseObject({
      kind: z.string().optional(),
      causes: z
        .array(
          z.looseObject({
            reason: z.string().optional(),
            message: z.string().default(''),
            field: z.string().optional(),
          }),
        )
        .default([]),
    })
    .default({ causes: [] }),
});

export type Status = z.infer<typeof status>;

/** What a request asked for, in the words of roles: the verb, and on what. */
export interface Asked {
  readonly verb: string;
  readonly where?: Where | undefined;
}

/** The API server refused a request. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The HTTP status. */
  readonly code: number;
  readonly status: Status;
  readonly asked: Asked;

  constructor(code: number, body: string, asked: Asked) {
    const said = parsed(body);
    super(said.message || `HTTP ${code}`);
    this.code = code;
    this.status = said;
    this.asked = asked;
  }

  /** Whether one of the reasons beside the main one is this. */
  causedBy(reason: string): boolean {
    return this.status.details.causes.some((cause) => cause.reason === reason);
  }
}

/** No answer came at all: nobody listens there, the name is unknown, the certificate is not trusted, the connection broke. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/** The credentials cannot be had: a plugin that fails, a file that is not there. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
}

/** What a request gives, or undefined where the API server refuses it with one of these statuses. */
export async function ignoring<T>(
  codes: readonly number[],
  request: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof ApiError && codes.includes(error.code)) return undefined;
    throw error;
  }
}

/** What a person is told of an error of the cluster; an error that is none of its own comes back as it is. */
export function told(error: unknown): unknown {
  if (error instanceof ConnectionError)
    return new KollageError({ code: 'KLG-501', message: error.message }, { cause: error });
  if (error instanceof CredentialsError)
    return new KollageError({ code: 'KLG-541', message: error.message }, { cause: error });
  return error instanceof ApiError ? new KollageError(finding(error), { cause: error }) : error;
}

/** What a request gives; what goes wrong with it as `told` says it. */
export async function telling<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    throw told(error);
  }
}

function finding(error: ApiError): Pick<KollageError['finding'], 'code' | 'message' | 'next'> {
  const { asked } = error;
  const namespace = asked.where?.namespace ?? '';
  if (error.code === 401)
    return { code: 'KLG-541', message: `the API server does not accept the credentials: ${error.message}` };
  if (error.causedBy('NamespaceTerminating'))
    return { code: 'KLG-543', message: `the namespace ${namespace} is being deleted` };
  if (error.code === 403) return { code: 'KLG-542', message: missing(error) };
  if (error.code === 409 && error.causedBy('FieldManagerConflict'))
    return { code: 'KLG-544', message: conflict(error) };
  return { code: 'KLG-502', message: `${phrase(asked)}: ${error.message}` };
}

/** `may not create secrets in the namespace demo`: the words that a role needs, and who asked when the server says it. */
function missing(error: ApiError): string {
  const user = /User "([^"]+)"/.exec(error.message)?.[1];
  const who = user === undefined ? 'the user of this context' : user;
  // An admission plugin refuses with 403 as well, and then it is no role that is missing.
  return user === undefined && !/cannot/.test(error.message)
    ? `${who} may not ${phrase(error.asked)}: ${error.message}`
    : `${who} may not ${phrase(error.asked)}`;
}

/** Which fields somebody else has set, and who: `nova-api: .spec.replicas belongs to kubectl-edit`. */
function conflict(error: ApiError): string {
  const fields = error.status.details.causes.map(({ field, message }) => {
    const owner = /conflict with "([^"]+)"/.exec(message)?.[1] ?? message;
    return `${field ?? ''} belongs to ${owner}`;
  });
  const { where } = error.asked;
  return `${where?.kind ?? ''} ${where?.name ?? ''}: ${[...new Set(fields)].join(', ')}`;
}

function phrase({ verb, where }: Asked): string {
  if (where === undefined) return verb;
  const { api, resource } = kinds[where.kind];
  const group = api.includes('/') ? `.${api.split('/')[0]}` : '';
  const what = `${resource}${group}${where.subresource === undefined ? '' : `/${where.subresource}`}`;
  const which = where.name === undefined ? '' : ` (${where.name})`;
  return `${verb} ${what}${which}${where.namespace === undefined ? '' : ` in the namespace ${where.namespace}`}`;
}

function parsed(body: string): Status {
  try {
    return status.parse(JSON.parse(body));
  } catch {
    // A proxy before the API server answers in words of its own.
    return { message: body.trim().slice(0, 300), reason: '', details: { causes: [] } };
  }
}

/** What a connection that failed says, with where to. Node wraps several addresses' failures into one that says nothing. */
export function unreachable(server: string, error: unknown): ConnectionError {
  const inner = error instanceof AggregateError && error.errors.length > 0 ? error.errors.at(-1) : error;
  return new ConnectionError(`the API server ${server} does not answer: ${messageOf(inner)}`, {
    cause: error,
  });
}
