/** What a far end was asked last, to be put into what it answers: `@Via@` of any request, `%Via%` of its INVITE. */
export class Asked {
  #last = new Map<string, string>();
  #invite = new Map<string, string>();

  /** The next INVITE begins another call. */
  forget(): void {
    this.#invite.clear();
  }

  /** Takes note of a request; of two INVITEs, the far end goes on with the newer one. */
  note(message: string): void {
    if (message.startsWith('SIP/2.0')) return;
    for (const name of ['Via', 'From', 'To', 'Call-ID', 'CSeq'])
      this.#last.set(name.replace('-', ''), new RegExp(`^${name}: (.*)\r$`, 'm').exec(message)?.[1] ?? '');
    if (message.startsWith('INVITE')) this.#invite = new Map(this.#last);
  }

  fill(input: Buffer): Buffer {
    const text = input
      .toString('latin1')
      .replace(/@(\w+)@/g, (_, name: string) => this.#last.get(name) ?? name)
      .replace(/%(\w+)%/g, (_, name: string) => this.#invite.get(name) ?? name);
    return Buffer.from(text, 'latin1');
  }
}
