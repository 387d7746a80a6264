import type { ServerResponse } from 'node:http';
import { stamp } from './apps.ts';

interface Stream {
  readonly response: ServerResponse;
  readonly types: readonly string[];
}

/** Tells all who listen at `/v2/events` what happens (mesosphere/marathon, core/event/impl/stream/*.scala, core/event/Events.scala). */
export class EventStreams {
  readonly #streams = new Set<Stream>();
  readonly #beat = setInterval(() => this.#write('\r\n'), 10_000);

  get count(): number {
    return this.#streams.size;
  }

  publish(eventType: string, content: object): void {
    const data = JSON.stringify({ ...content, eventType, timestamp: stamp() });
    this.#write(`event: ${eventType}\r\ndata: ${data}\r\n\r\n`, eventType);
  }

  /** Whoever comes is told so, and all others. */
  attach(response: ServerResponse, types: readonly string[], remoteAddress: string): void {
    const stream = { response, types };
    response.writeHead(200, {
      'Content-Type': 'text/event-stream;charset=utf-8',
      'Cache-Control': 'no-cache',
    });
    response.flushHeaders();
    this.#streams.add(stream);
    this.publish('event_stream_attached', { remoteAddress });
    response.on('close', () => {
      this.#streams.delete(stream);
      this.publish('event_stream_detached', { remoteAddress });
    });
  }

  cut(): void {
    for (const { response } of this.#streams) response.destroy();
  }

  close(): void {
    clearInterval(this.#beat);
    this.cut();
  }

  #write(text: string, type?: string): void {
    for (const { response, types } of this.#streams)
      if (type === undefined || types.length === 0 || types.includes(type)) response.write(text);
  }
}
