// The behaviour of the console's pages: small custom elements and the rules of
// focus. Every page works without this file; it only makes them kinder.
'use strict';

// copy-button copies data-value and says so for two seconds.
class CopyButton extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector('button');
    this.onclick = () => this.copy();
  }
  async copy() {
    const word = this.button.querySelector('span');
    const before = this.before ??= word.textContent;
    try {
      await navigator.clipboard.writeText(this.dataset.value);
    } catch { // no secure context: the old way
      const area = document.createElement('textarea');
      area.value = this.dataset.value;
      area.className = 'visually-hidden';
      document.body.append(area);
      area.select();
      document.execCommand('copy');
      area.remove();
      this.button.focus();
    }
    word.textContent = this.dataset.done;
    this.classList.add('done');
    announce(this.dataset.done);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { word.textContent = before; this.classList.remove('done'); }, 2000);
  }
}

// show-password lets people see what they type.
class ShowPassword extends HTMLElement {
  connectedCallback() {
    const input = this.querySelector('input'), button = this.querySelector('button');
    button.hidden = false;
    button.onclick = () => {
      const show = input.type === 'password';
      input.type = show ? 'text' : 'password';
      button.textContent = show ? button.dataset.hide : button.dataset.show;
      input.focus();
    };
  }
}

// file-upload shows what was chosen, offers the camera on touch screens, and
// makes photos smaller before they are sent.
class FileUpload extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector('input[name]');
    this.list = this.querySelector('.chosen');
    this.note = this.querySelector('[role=status]');
    const camera = this.querySelector('.camera');
    if (matchMedia('(pointer: coarse)').matches) camera.hidden = false;
    camera.querySelector('input').onchange = (e) => this.add([...e.target.files]);
    this.input.onchange = () => this.add([...this.input.files], true);
    this.ondragover = (e) => { e.preventDefault(); this.classList.add('over'); };
    this.ondragleave = () => this.classList.remove('over');
    this.ondrop = (e) => { e.preventDefault(); this.classList.remove('over'); this.add([...e.dataTransfer.files]); };
    this.files = [];
  }
  async add(files, instead) {
    const smaller = await Promise.all(files.map(shrink));
    this.files = (instead ? [] : this.files).concat(smaller).slice(0, 5);
    this.show();
  }
  show() {
    const transfer = new DataTransfer();
    this.files.forEach((f) => transfer.items.add(f));
    this.input.files = transfer.files;
    this.list.hidden = !this.files.length;
    this.list.replaceChildren(...this.files.map((f, i) => this.row(f, i)));
    const large = this.files.some((f) => f.size > 8 << 20);
    this.note.textContent = large ? this.dataset.large : this.files.some((f) => f.shrunk) ? this.dataset.smaller : '';
  }
  row(file, i) {
    const li = document.createElement('li'), name = document.createElement('bdi'), drop = document.createElement('button');
    if (file.preview) {
      const img = document.createElement('img');
      img.src = file.preview;
      img.alt = '';
      li.append(img);
    }
    name.textContent = file.name;
    drop.type = 'button';
    drop.className = 'button button-small';
    drop.textContent = this.dataset.remove;
    drop.setAttribute('aria-label', this.dataset.remove + ' ' + file.name);
    drop.onclick = () => { this.files.splice(i, 1); this.show(); this.input.focus(); };
    li.append(name, drop);
    return li;
  }
}

// shrink draws a large photo again at 2000 pixels; what cannot be read stays.
async function shrink(file) {
  if (!/^image\/(jpeg|png|webp|heic)/.test(file.type)) return file;
  try {
    const image = await createImageBitmap(file);
    const preview = draw(image, 160).toDataURL('image/jpeg', 0.7);
    if (file.size < 1 << 20 && /jpeg|png/.test(file.type)) return Object.assign(file, { preview });
    const blob = await new Promise((done) => draw(image, 2000).toBlob(done, 'image/jpeg', 0.85));
    if (!blob || (blob.size >= file.size && /jpeg|png/.test(file.type))) return Object.assign(file, { preview });
    const name = file.name.replace(/\.\w+$/, '') + '.jpg';
    return Object.assign(new File([blob], name, { type: 'image/jpeg' }), { preview, shrunk: true });
  } catch {
    return file;
  }
}

function draw(image, side) {
  const scale = Math.min(1, side / Math.max(image.width, image.height)), canvas = document.createElement('canvas');
  canvas.width = Math.round(image.width * scale);
  canvas.height = Math.round(image.height * scale);
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas;
}

// error-summary takes the focus when it appears.
class ErrorSummary extends HTMLElement {
  connectedCallback() { this.firstElementChild?.focus(); }
}

// toast-message can be closed, and goes by itself unless somebody is at it.
class ToastMessage extends HTMLElement {
  connectedCallback() {
    const close = this.querySelector('button[hidden]');
    if (close) { close.hidden = false; close.onclick = () => this.remove(); }
    const later = () => { this.timer = setTimeout(() => this.remove(), (this.dataset.seconds || 8) * 1000); };
    this.onmouseenter = this.onfocusin = () => clearTimeout(this.timer);
    this.onmouseleave = this.onfocusout = later;
    later();
  }
}

// auto-submit sends its form when a choice in it changes, and hides the button
// that does so without JavaScript.
class AutoSubmit extends HTMLElement {
  connectedCallback() {
    this.querySelectorAll('[data-without-js]').forEach((b) => { b.hidden = true; });
    this.onchange = (e) => e.target.form?.requestSubmit(this.querySelector('[data-without-js]'));
  }
}

// share-button offers the system's own way of sharing this page's address.
class ShareButton extends HTMLElement {
  connectedCallback() {
    if (!navigator.share) return;
    const button = this.querySelector('button');
    button.hidden = false;
    button.onclick = () => navigator.share({ title: document.title, url: this.dataset.url || location.href }).catch(() => {});
  }
}

// proof-view makes a proof larger and turns it.
class ProofView extends HTMLElement {
  connectedCallback() {
    const image = this.querySelector('img');
    let turn = 0;
    this.querySelector('[hidden]').hidden = false;
    this.querySelector('[data-zoom]').onclick = () => this.classList.toggle('is-large');
    this.querySelector('[data-turn]').onclick = () => { turn = (turn + 90) % 360; image.dataset.turn = turn; };
  }
}

// staff-keys lets one key do what a button does (data-key), goes through rows with
// j and k, and can be switched off; the choice stays in this browser.
class StaffKeys extends HTMLElement {
  connectedCallback() {
    this.hidden = false;
    const box = this.querySelector('[data-keys-on]');
    box.checked = localStorage.getItem('igny8-keys') !== 'off';
    box.onchange = () => localStorage.setItem('igny8-keys', box.checked ? 'on' : 'off');
    this.listen = (e) => {
      if (!box.checked || e.ctrlKey || e.metaKey || e.altKey || e.target.closest('input:not([type=checkbox]),textarea,select,dialog[open]')) return;
      if (this.press(e.key)) e.preventDefault();
    };
    document.addEventListener('keydown', this.listen);
  }
  disconnectedCallback() { document.removeEventListener('keydown', this.listen); }
  press(key) {
    const rows = [...document.querySelectorAll('[data-row]')], at = rows.indexOf(document.activeElement.closest('tr')?.querySelector('[data-row]'));
    if ((key === 'j' || key === 'k') && rows.length) {
      rows[Math.max(0, Math.min(rows.length - 1, at + (key === 'j' ? 1 : at < 0 ? 1 : -1)))].focus();
      return true;
    }
    if (key === 'x' && at >= 0) { rows[at].closest('tr').querySelector('[data-row-select]')?.click(); return true; }
    if (key === '/') { const q = document.getElementById('f-q'); if (q) q.focus(); else location.href = '/staff/search'; return true; }
    if (key === '?') { this.querySelector('summary').click(); return true; }
    if (key === 'e') { const f = document.getElementById('f-received'); f?.focus(); f?.select(); return !!f; }
    const target = /^[a-z]$/.test(key) ? document.querySelector(`[data-key="${key}"]`) : null;
    target?.click();
    return !!target;
  }
}

// staff-palette is the box of Ctrl K: a combobox over the navigation, what the page
// offers (data-key) and logging out. Whatever else is typed is searched for.
class StaffPalette extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector('dialog');
    this.input = this.querySelector('input');
    this.list = this.querySelector('ul');
    for (const item of document.querySelectorAll('[data-palette]')) {
      item.hidden = false;
      item.onclick = (e) => { e.preventDefault(); this.open(); };
    }
    this.listen = (e) => {
      if (!(e.ctrlKey || e.metaKey) || e.altKey || e.shiftKey || e.key.toLowerCase() !== 'k') return;
      e.preventDefault();
      this.open();
    };
    document.addEventListener('keydown', this.listen);
    this.input.oninput = () => this.show();
    this.input.onkeydown = (e) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
      if (step) { e.preventDefault(); this.mark((this.at + step + this.found.length) % this.found.length); }
    };
    this.querySelector('form').onsubmit = (e) => {
      if (this.found[this.at]?.go) { e.preventDefault(); this.go(this.at); }
      else if (!this.input.value.trim()) e.preventDefault();
    };
    this.dialog.onclick = (e) => { if (e.target === this.dialog) this.dialog.close(); };
  }
  disconnectedCallback() { document.removeEventListener('keydown', this.listen); }
  open() {
    if (document.querySelector('dialog[open]')) return;
    const entry = (e) => ({ text: (e.querySelector('span:not(.count)') ?? e).textContent.trim(), key: e.dataset.key, go: () => e.click() });
    this.entries = [...document.querySelectorAll('main [data-key], .side-wide .nav li:not([data-palette]) a, .side-wide .side-user button')]
      .map(entry).filter((e, i, all) => e.text && all.findIndex((other) => other.text === e.text) === i);
    this.input.value = '';
    this.show();
    this.dialog.showModal();
    this.input.focus();
  }
  show() {
    const typed = this.input.value.trim(), low = typed.toLowerCase();
    this.found = this.entries.filter((e) => e.text.toLowerCase().includes(low));
    if (typed) this.found.push({ text: this.dataset.search.replace('{0}', typed) });
    this.list.replaceChildren(...this.found.map((e, i) => {
      const li = document.createElement('li'), words = document.createElement('span');
      li.id = 'palette-' + i;
      li.setAttribute('role', 'option');
      words.textContent = e.text;
      li.append(words);
      if (e.key) { const kbd = document.createElement('kbd'); kbd.textContent = e.key; li.append(kbd); }
      li.onclick = () => this.go(i);
      return li;
    }));
    this.mark(0);
  }
  mark(at) {
    this.at = at;
    [...this.list.children].forEach((li, i) => li.setAttribute('aria-selected', i === at));
    this.input.setAttribute('aria-activedescendant', 'palette-' + at);
    this.list.children[at]?.scrollIntoView({ block: 'nearest' });
  }
  go(at) {
    const { go } = this.found[at];
    if (!go) { this.querySelector('form').submit(); return; }
    this.dialog.close();
    go();
  }
}

// pass-key asks a passkey's device (Web Authentication) and sends its answer with its
// form. Where the browser has none, it stays hidden.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
const base64url = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

class PassKey extends HTMLElement {
  connectedCallback() {
    if (!window.PublicKeyCredential) return;
    this.hidden = false;
    document.querySelectorAll('[data-no-passkey]').forEach((e) => { e.hidden = true; });
    this.form = this.querySelector('form');
    this.note = this.querySelector('[role=alert]');
    this.form.onsubmit = (e) => { e.preventDefault(); this.ask(); };
  }
  async ask() {
    if (this.busy) return;
    this.busy = true;
    this.note.textContent = '';
    try {
      const response = await fetch(this.dataset.options, { method: 'POST', body: new URLSearchParams(new FormData(this.form)) });
      const { token, options, error } = await response.json();
      if (error) { this.note.textContent = error; return; }
      const answer = await navigator.credentials[this.dataset.kind]({ publicKey: this.decode(options.publicKey) });
      const { elements } = this.form;
      elements.token.value = token;
      elements.credential.value = JSON.stringify(this.encode(answer));
      if (elements.password) elements.password.value = '';
      this.form.submit();
    } catch {
      this.note.textContent = this.dataset.failed;
    } finally {
      this.busy = false;
    }
  }
  decode(o) {
    o.challenge = bytes(o.challenge);
    if (o.user) o.user.id = bytes(o.user.id);
    for (const c of [...(o.excludeCredentials ?? []), ...(o.allowCredentials ?? [])]) c.id = bytes(c.id);
    return o;
  }
  encode(c) {
    const response = { transports: c.response.getTransports?.() };
    for (const name of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
      if (c.response[name]) response[name] = base64url(c.response[name]);
    }
    return { id: c.id, rawId: base64url(c.rawId), type: c.type, response, clientExtensionResults: c.getClientExtensionResults() };
  }
}

for (const [name, element] of Object.entries({
  'copy-button': CopyButton, 'show-password': ShowPassword, 'file-upload': FileUpload, 'error-summary': ErrorSummary,
  'toast-message': ToastMessage, 'auto-submit': AutoSubmit, 'share-button': ShareButton,
  'proof-view': ProofView, 'staff-keys': StaffKeys, 'staff-palette': StaffPalette, 'pass-key': PassKey,
})) customElements.define(name, element);

function announce(message, wrong) {
  const region = document.getElementById(wrong ? 'announce-error' : 'announce');
  region.textContent = '';
  setTimeout(() => { region.textContent = message; }, 50);
}
document.addEventListener('announce', (e) => announce(e.detail?.value ?? e.detail));
document.addEventListener('announceError', (e) => announce(e.detail?.value ?? e.detail, true));

// A live part of the page comes through a stream. Where none is open, for a proxy
// in between or a server with too many, the part is asked for every five seconds.
// Whoever may no longer see it starts anew. What its heading says is announced
// when it changes.
const streaming = new WeakSet(), heading = (part) => part.querySelector('h1,h2')?.textContent;
document.addEventListener('htmx:sse:after:connection', (e) => streaming.add(e.target));
document.addEventListener('htmx:sse:close', (e) => streaming.delete(e.target));
document.addEventListener('htmx:sse:error', (e) => {
  streaming.delete(e.target);
  if (e.detail.status === 401) location.reload();
});
document.addEventListener('htmx:sse:before:message', (e) => { e.target.said = heading(e.target); });
document.addEventListener('htmx:sse:after:message', (e) => {
  const now = heading(e.target);
  if (now && now !== e.target.said) announce(now);
});
setInterval(() => {
  if (document.hidden) return;
  for (const part of document.querySelectorAll('[data-live]')) {
    if (!streaming.has(part)) htmx.ajax('GET', part.dataset.live, { target: part, swap: 'innerMorph' });
  }
}, 5000);

// Dialogs open above the page; without JavaScript the link leads to a page.
document.addEventListener('click', (e) => {
  const link = e.target.closest('[data-dialog]'), dialog = link && document.getElementById(link.dataset.dialog);
  if (dialog) { e.preventDefault(); dialog.showModal(); }
});

// A link to a field in an error summary puts the cursor into it.
document.addEventListener('click', (e) => {
  const link = e.target.closest('error-summary a[href^="#"]'), field = link && document.getElementById(link.hash.slice(1));
  if (field) { e.preventDefault(); field.focus(); field.scrollIntoView({ block: 'center' }); }
});

// A form that was sent is not sent twice by a second press.
document.addEventListener('submit', (e) => {
  if (e.target.method === 'dialog' || e.target.hasAttribute('data-again')) return;
  if (e.target.dataset.sent) { e.preventDefault(); return; }
  e.target.dataset.sent = '1';
  e.submitter?.setAttribute('aria-busy', 'true');
  setTimeout(() => { delete e.target.dataset.sent; e.submitter?.removeAttribute('aria-busy'); }, 5000);
});
window.addEventListener('pageshow', () => document.querySelectorAll('form[data-sent]').forEach((f) => { delete f.dataset.sent; }));

// After a swap the focus stays; where its element is gone, it goes to the next row
// (data-row) at the same place, else to the page's heading.
let before = null;
document.addEventListener('htmx:before:swap', () => {
  const at = document.activeElement, row = at?.closest?.('[data-row]');
  before = at && at !== document.body ? { at, row: row ? [...document.querySelectorAll('[data-row]')].indexOf(row) : -1 } : null;
});
document.addEventListener('htmx:after:swap', () => {
  if (!before || before.at.isConnected || document.activeElement !== document.body) return;
  const rows = document.querySelectorAll('[data-row]');
  const next = before.row >= 0 && rows[Math.min(before.row, rows.length - 1)];
  const to = next && (next.matches('a,button,[tabindex]') ? next : next.querySelector('a,button,input,[tabindex]'));
  (to || document.getElementById('page-title') || document.querySelector('h1'))?.focus();
});
