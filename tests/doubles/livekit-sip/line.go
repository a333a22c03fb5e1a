// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"math"
	"math/big"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

const (
	sampleRate = 8000
	frame      = 20 * time.Millisecond
	perFrame   = sampleRate / 50
	mostWaits  = 10 // frames that wait for the room: 0.2 s
	tries      = 100
)

// line is the caller's side of the audio: RTP, or SRTP if the call is encrypted.
type line struct {
	conn     *net.UDPConn
	offer    *offer
	key      []byte // our key, if the call is encrypted
	heard    chan []byte
	answered atomic.Bool
	received atomic.Int64
	sent     atomic.Int64

	sending  sync.Mutex
	ssrc     uint32
	sequence uint16
	encrypt  *srtp.Context
	decrypt  *srtp.Context
}

// openLine binds a free port of rtp_port on every address. Like livekit-sip, it uses even ports only.
func openLine(config *Config, offer *offer) (*line, error) {
	l := &line{offer: offer, heard: make(chan []byte, mostWaits), ssrc: uint32(random(math.MaxUint32))}
	if offer.crypto != nil {
		l.key = make([]byte, srtpKeying)
		_, _ = rand.Read(l.key)
		var err, other error
		l.encrypt, err = srtpContext(l.key)
		l.decrypt, other = srtpContext(offer.crypto.key)
		if err := errors.Join(err, other); err != nil {
			return nil, err
		}
	}
	first, last := int(config.RTPPort.Start)+int(config.RTPPort.Start)%2, int(config.RTPPort.End)
	for range tries {
		port := first + 2*random((last-first)/2+1)
		if conn, err := net.ListenUDP("udp4", &net.UDPAddr{Port: port}); err == nil {
			l.conn = conn
			go l.listen()
			return l, nil
		}
	}
	return nil, errors.New("no free port in rtp_port")
}

func random(below int) int {
	number, err := rand.Int(rand.Reader, big.NewInt(int64(below)))
	if err != nil {
		panic(err)
	}
	return int(number.Int64())
}

func srtpContext(key []byte) (*srtp.Context, error) {
	return srtp.CreateContext(key[:16], key[16:], srtp.ProtectionProfileAes128CmHmacSha1_80)
}

func (l *line) port() int { return l.conn.LocalAddr().(*net.UDPAddr).Port }

// listen counts the caller's RTP and passes it on, until the line is closed.
func (l *line) listen() {
	buffer := make([]byte, 1500)
	for {
		size, _, err := l.conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		data := buffer[:size]
		if l.decrypt != nil {
			if data, err = l.decrypt.DecryptRTP(nil, data, nil); err != nil {
				continue
			}
		}
		packet := &rtp.Packet{}
		if packet.Unmarshal(append([]byte(nil), data...)) != nil || packet.PayloadType != l.offer.codec.payloadType {
			continue
		}
		l.received.Add(1)
		select {
		case l.heard <- packet.Payload:
		default: // the room does not read fast enough
		}
	}
}

// next returns the next audio for the room: the caller's, or silence.
func (l *line) next() []byte {
	select {
	case payload := <-l.heard:
		return payload
	default:
		silence := make([]byte, perFrame)
		for i := range silence {
			silence[i] = l.offer.codec.silence
		}
		return silence
	}
}

// say sends samples to the caller once the call is answered.
func (l *line) say(samples []int16, timestamp uint32) {
	if !l.answered.Load() {
		return
	}
	payload := make([]byte, len(samples))
	for i, sample := range samples {
		payload[i] = l.offer.codec.encode(sample)
	}
	l.sending.Lock()
	defer l.sending.Unlock()
	header := rtp.Header{
		Version: 2, Marker: l.sequence == 0, PayloadType: l.offer.codec.payloadType,
		SequenceNumber: l.sequence, Timestamp: timestamp, SSRC: l.ssrc,
	}
	l.sequence++
	data, err := (&rtp.Packet{Header: header, Payload: payload}).Marshal()
	if err == nil && l.encrypt != nil {
		data, err = l.encrypt.EncryptRTP(nil, data, nil)
	}
	if err == nil {
		_, err = l.conn.WriteToUDPAddrPort(data, netip.AddrPortFrom(l.offer.address.Addr().Unmap(), l.offer.address.Port()))
	}
	if err == nil {
		l.sent.Add(1)
	}
}

// beep sends a tone until `over` is closed, in place of livekit-sip's spoken request for a PIN.
func (l *line) beep(over <-chan struct{}) {
	const hertz = 425
	ticker := time.NewTicker(frame)
	defer ticker.Stop()
	for start := 0; ; start += perFrame {
		samples := make([]int16, perFrame)
		for i := range samples {
			samples[i] = int16(8000 * math.Sin(2*math.Pi*hertz*float64(start+i)/sampleRate))
		}
		l.say(samples, uint32(start))
		select {
		case <-over:
			return
		case <-ticker.C:
		}
	}
}

// close closes the line and logs how many packets it has received and sent.
func (l *line) close(log *slog.Logger) {
	_ = l.conn.Close()
	log.Info("RTP", "received", l.received.Load(), "sent", l.sent.Load())
}
