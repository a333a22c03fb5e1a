// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"crypto/rand"
	"sync"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
	"github.com/livekit/protocol/rpc"
)

const (
	defaultRealm = "LiveKit"
	mostNonces   = 1000
)

// gate asks for the user and password (digest, MD5) if the trunk has both.
type gate struct {
	mu     sync.Mutex
	nonces map[string]string // by Call-ID
}

func newGate() *gate { return &gate{nonces: map[string]string{}} }

// pass returns whether the call may continue. If not, it has answered the caller.
func (g *gate) pass(c *call, trunk *rpc.GetSIPTrunkAuthenticationResponse) bool {
	if trunk.Username == "" || trunk.Password == "" {
		return true // as measured: livekit-sip does not challenge a caller if the trunk has a user but no password
	}
	given := c.request.GetHeader("Proxy-Authorization")
	if given == nil {
		realm := trunk.Realm
		if realm == "" {
			realm = defaultRealm
		}
		challenge := digest.Challenge{Realm: realm, Nonce: g.challenge(c.info.SipCallId), Algorithm: "MD5"}
		c.respond(407, "Unauthorized", sip.NewHeader("Proxy-Authenticate", challenge.String()))
		return false
	}
	credentials, err := digest.ParseCredentials(given.Value())
	if err != nil || !g.right(credentials, c.info.SipCallId, trunk) {
		c.log.Warn("Authentication failed")
		c.respond(401, "Unauthorized") // no second challenge
		return false
	}
	return true
}

func (g *gate) right(given *digest.Credentials, callID string, trunk *rpc.GetSIPTrunkAuthenticationResponse) bool {
	g.mu.Lock()
	nonce, known := g.nonces[callID]
	g.mu.Unlock()
	if !known || given.Username != trunk.Username {
		return false
	}
	challenge := &digest.Challenge{Realm: given.Realm, Nonce: nonce, Algorithm: "MD5"}
	wanted, err := digest.Digest(challenge, digest.Options{
		Method: "INVITE", URI: given.URI, Username: trunk.Username, Password: trunk.Password,
	})
	return err == nil && wanted.Response == given.Response
}

func (g *gate) challenge(callID string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.nonces) >= mostNonces {
		clear(g.nonces)
	}
	g.nonces[callID] = rand.Text()
	return g.nonces[callID]
}
