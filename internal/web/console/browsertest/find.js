// What the tests ask of a page, in words of the page. The file is one expression
// without a semicolon: an object whose methods the harness calls.
(() => {
  const clean = s => (s || '').replace(/\s+/g, ' ').trim()
  const shown = e => {
    if (e.closest('[inert],[aria-hidden=true]')) return false
    const box = e.getBoundingClientRect(), style = getComputedStyle(e)
    return box.width > 0 && box.height > 0 && style.visibility === 'visible' && style.display !== 'none'
  }
  const name = e => {
    const by = e.getAttribute('aria-labelledby')
    if (by) return clean(by.split(/\s+/).map(id => document.getElementById(id)?.textContent).join(' '))
    if (e.getAttribute('aria-label')) return clean(e.getAttribute('aria-label'))
    if (e.tagName === 'INPUT' && ['submit', 'button', 'reset'].includes(e.type)) return clean(e.value)
    return clean(e.innerText)
  }
  const select = s => {
    try { return [...document.querySelectorAll(s)] } catch { return [] }
  }
  const brief = e => {
    const id = e.id ? '#' + e.id : '', c = e.classList.length ? '.' + [...e.classList].join('.') : ''
    return e.tagName.toLowerCase() + id + c
  }
  // One of several: the innermost, the only one shown, or links to one place.
  const single = (list, what) => {
    list = list.filter(shown)
    list = list.filter(e => !list.some(other => other !== e && e.contains(other)))
    if (list.length > 1 && list.every(e => e.href && e.href === list[0].href)) list = [list[0]]
    if (list.length > 1) throw new Error(list.length + ' things are called ' + JSON.stringify(what) + ': ' + list.map(brief).join(', '))
    return list[0] || null
  }
  const usable = 'a[href],button,summary,label,option,input[type=submit],input[type=button],input[type=reset],' +
    '[role=button],[role=link],[role=tab],[role=menuitem],[role=option],[role=switch]'
  const api = {
    // thing finds what can be clicked: by its name, by a selector, by a part of its name.
    thing(what) {
      const all = [...document.querySelectorAll(usable)].filter(shown)
      return single(all.filter(e => name(e) === what), what) || single(select(what), what) ||
        single(all.filter(e => name(e).includes(what)), what)
    },
    // field finds a control: by its label, its name, a selector, the beginning of its label.
    field(what) {
      const controls = [...document.querySelectorAll('input:not([type=hidden]),select,textarea,[contenteditable=true]')]
      const labels = e => [...(e.labels || [])].map(l => clean(l.innerText || l.textContent))
        .concat(clean(e.getAttribute('aria-label')), e.getAttribute('aria-labelledby') ? name(e) : '', clean(e.placeholder))
      const pick = yes => {
        const list = controls.filter(yes), seen = list.filter(shown)
        if (seen.length > 1) throw new Error(seen.length + ' fields are called ' + JSON.stringify(what) + ': ' + seen.map(brief).join(', '))
        return seen[0] || list[0] || null
      }
      return pick(e => labels(e).includes(what)) || pick(e => e.name === what) || select(what)[0] ||
        pick(e => labels(e).some(l => l.startsWith(what)))
    },
    // set fills a control that cannot be typed into; true when it did.
    set(e, value) {
      if (e.tagName === 'SELECT') {
        const o = [...e.options].find(o => clean(o.text) === value) || [...e.options].find(o => o.value === value) ||
          [...e.options].find(o => clean(o.text).startsWith(value))
        if (!o) throw new Error('no choice ' + JSON.stringify(value) + ' among ' + [...e.options].map(o => clean(o.text)).slice(0, 20).join(', '))
        o.selected = true
      } else if (['date', 'time', 'datetime-local', 'month', 'week', 'color', 'range'].includes(e.type)) {
        e.value = value
        if (e.value !== value) throw new Error(JSON.stringify(value) + ' is no ' + e.type)
      } else {
        return false
      }
      e.focus()
      e.dispatchEvent(new Event('input', { bubbles: true }))
      e.dispatchEvent(new Event('change', { bubbles: true }))
      return true
    },
    // point is where to click: the middle of what is visible of e. It tells what
    // lies over it, since nobody could click then.
    point(e) {
      e.scrollIntoView({ block: 'center', inline: 'nearest', behavior: 'instant' })
      if (e.disabled || e.getAttribute('aria-disabled') === 'true') return { wait: brief(e) + ' is disabled' }
      const box = [...e.getClientRects()].find(r => r.width > 0 && r.height > 0)
      if (!box) return { wait: brief(e) + ' is not shown' }
      const x = (Math.max(box.left, 0) + Math.min(box.right, innerWidth)) / 2
      const y = (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2
      const top = document.elementFromPoint(x, y)
      const own = top && (e.contains(top) || top.contains(e) || top.closest('label')?.control === e)
      return own ? { x, y } : { wait: brief(e) + ' is covered by ' + (top ? brief(top) : 'nothing: it is off the window') }
    },
    // wide is empty, or tells what makes the page scroll sideways.
    wide() {
      const root = document.documentElement
      if (!document.body || root.scrollWidth <= root.clientWidth) return ''
      const out = [...document.body.querySelectorAll('*')].filter(e => {
        const r = e.getBoundingClientRect()
        const inside = e.clientWidth && e.scrollWidth > e.clientWidth && getComputedStyle(e).overflowX === 'visible'
        return r.width > 0 && (inside || r.right + scrollX > root.clientWidth + 0.5 || r.left + scrollX < -0.5)
      })
      const inner = out.filter(e => !out.some(o => o !== e && e.contains(o)))
      return root.scrollWidth + ' > ' + root.clientWidth + ' px, by ' + inner.slice(0, 5).map(brief).join(', ')
    },
    // lost is empty when the focus is on something that people can see.
    lost() {
      const e = document.activeElement
      if (!e || e === document.body || e === document.documentElement) return 'the focus fell to the body'
      return shown(e) ? '' : 'the focus is on ' + brief(e) + ', which is not shown'
    },
    text(what) {
      return clean((what ? document.querySelector(what) : document.body)?.innerText)
    },
  }
  return api
})()
