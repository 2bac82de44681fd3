package browsertest

import "github.com/chromedp/cdproto/network"

// Weight is what the first visit of a page costs, in bytes as they came over
// the wire: with headers, and compressed when the server did.
type Weight struct {
	Total  int // all requests
	Script int // of these, JavaScript
}

// Weight opens a path with an empty cache and returns what it cost.
func (p *Page) Weight(path string) Weight {
	p.t.Helper()
	do(p, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
	defer do(p, network.SetCacheDisabled, network.SetCacheDisabledParams{})
	p.watch.mu.Lock()
	p.watch.total, p.watch.script = 0, 0
	p.watch.mu.Unlock()
	p.Go(path)
	p.watch.mu.Lock()
	defer p.watch.mu.Unlock()
	return Weight{Total: p.watch.total, Script: p.watch.script}
}
