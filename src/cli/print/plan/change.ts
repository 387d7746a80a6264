import type { Change, Mode, Reason } from '../../../model/plan.ts';
import type { Paint } from '../../colour.ts';
import { count, idOf, isProcess, kindOf, type PrintOptions, restarts, safe, shorten } from './text.ts';

const does: Readonly<Record<Mode, string>> = {
  'in-place': 'changes in place',
  reload: 'reads its files again',
  restart: 'restarts',
  roll: 'restarts, a few at a time',
  replace: 'gets a new container',
};
const mostReasons = 10;
const mostLines = 40;

/** Prints the changes of one service; a difference that was shown already is named, not shown again. */
export class ChangePrinter {
  readonly #paint: Paint;
  readonly #options: PrintOptions;
  readonly #shown = new Map<string, string>();

  constructor(paint: Paint, options: PrintOptions) {
    this.#paint = paint;
    this.#options = options;
  }

  /** A line for the change, and one or more for each reason. */
  lines(change: Change): string[] {
    const paint = this.#paint;
    const [sign, tone] = look(change, paint);
    const kind = isProcess(change) ? '' : paint.dim(` (${kindOf(change)})`);
    const head = `  ${tone(sign)} ${paint.bold(shortId(change))}${kind}  ${tone(verb(change))}${paint.dim(place(change))}`;
    const plain = change.action === 'delete' && change.reasons.every(({ what }) => what === 'gone');
    const most = this.#options.verbose ? change.reasons.length : mostReasons;
    const left = change.reasons.length - most;
    return [
      head,
      ...(plain ? [] : change.reasons.slice(0, most).flatMap((reason) => this.#reason(change, reason))),
      ...(left > 0 ? [paint.dim(`      … ${count(left, 'more reason')} (--verbose)`)] : []),
    ];
  }

  #reason(change: Change, reason: Reason): string[] {
    const paint = this.#paint;
    const lead = '      ';
    switch (reason.what) {
      case 'secret':
        return [`${lead}the secret ${reason.where} was changed`];
      case 'state':
        return [`${lead}${reason.where}: ${reason.before} ${paint.dim('->')} ${reason.after}`];
      case 'drift':
        return this.#byHand(change, `${reason.where}: ${safe(reason.before ?? '')}`, reason);
      case 'needed':
        return [`${lead}needed by ${reason.where}`];
      case 'placement':
        if (reason.where === 'nodes') return placement(lead, reason);
        break;
      case 'file':
        if (reason.diff !== undefined) return this.#difference(change, reason, reason.diff);
        break;
      default:
    }
    return [
      `${lead}${reason.where}${sides(reason, this.#options.width - lead.length - reason.where.length, paint)}`,
    ];
  }

  #byHand(change: Change, where: string, { what, diff }: Reason): string[] {
    return diff === undefined ? [`      ${where}`] : this.#difference(change, { what, where }, diff);
  }

  #difference(change: Change, reason: Reason, diff: string): string[] {
    const paint = this.#paint;
    const name = `      ${reason.where}${reason.before === undefined && reason.after !== undefined ? ' (new)' : reason.after === undefined && reason.before !== undefined ? ' (removed)' : ''}`;
    const key = `${reason.where}\n${diff}`;
    const before = this.#shown.get(key);
    if (before !== undefined) return [`${name}  ${paint.dim(`as for ${before}`)}`];
    this.#shown.set(key, idOf(change));
    const all = diff.split('\n').filter((line) => line !== '' && !line.startsWith('\\'));
    const most = this.#options.verbose ? all.length : mostLines;
    const more = all.length - most;
    return [
      name,
      ...all.slice(0, most).map((line) => `        ${diffTone(line, paint)(safe(line))}`),
      ...(more > 0 ? [paint.dim(`        … ${count(more, 'more line')} (--verbose)`)] : []),
    ];
  }
}

function look(change: Change, paint: Paint): [string, (text: string) => string] {
  if (change.action === 'create') return ['+', paint.green];
  if (change.action === 'delete') return ['-', paint.red];
  if (change.action === 'run') return ['▶', paint.cyan];
  return restarts(change) ? ['↻', paint.magenta] : ['~', paint.yellow];
}

function shortId(change: Change): string {
  const id = idOf(change);
  return id.slice(id.indexOf('/') + 1);
}

function verb(change: Change): string {
  switch (change.action) {
    case 'create':
      return 'is created';
    case 'run':
      return 'runs once';
    case 'delete':
      return kindOf(change) === 'volume'
        ? 'is not used any more: kept until its deletion is confirmed'
        : 'is taken away';
    default:
      if (kindOf(change) === 'task') return 'changes; it is done, and not run again';
      return does[change.mode ?? 'in-place'];
  }
}

function place({ instances, nodes }: Change): string {
  if (instances === 0) return '';
  const where = nodes.length === 1 ? ` on ${nodes[0]}` : ` on ${count(nodes.length, 'node')}`;
  return `  ${count(instances, 'instance')}${where}`;
}

function placement(lead: string, { before, after }: Reason): string[] {
  return [
    ...(after === undefined ? [] : [`${lead}comes to ${after}`]),
    ...(before === undefined ? [] : [`${lead}goes from ${before}`]),
  ];
}

function sides({ before, after }: Reason, width: number, paint: Paint): string {
  const room = Math.max(20, Math.floor((width - 8) / 2));
  const text = (value: string) =>
    shorten(safe(value).replaceAll('\n', '⏎'), before === undefined ? 2 * room : room);
  if (before === undefined) return after === undefined ? '' : `: ${paint.green(text(after))}`;
  if (after === undefined) return `: ${paint.red(text(before))} ${paint.dim('-> not set')}`;
  return `: ${paint.red(text(before))} ${paint.dim('->')} ${paint.green(text(after))}`;
}

function diffTone(line: string, paint: Paint): (text: string) => string {
  if (line.startsWith('@@')) return paint.cyan;
  if (line.startsWith('+')) return paint.green;
  return line.startsWith('-') ? paint.red : paint.dim;
}
