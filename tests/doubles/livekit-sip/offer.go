// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/livekit/protocol/livekit"
	"github.com/pion/sdp/v3"
)

const (
	srtpSuite  = "AES_CM_128_HMAC_SHA1_80"
	srtpKeying = 16 + 14 // key and salt
)

// Payload types that need no rtpmap.
var static = map[string]string{"0": "PCMU", "8": "PCMA"}

// offer is the part of the caller's SDP that the stand-in supports.
type offer struct {
	address netip.AddrPort // where to send the audio
	codec   codec
	events  string  // payload type of telephone-event, if offered
	crypto  *crypto // nil without encryption
}

type crypto struct {
	tag string
	key []byte
}

// readOffer returns the offer, or the reason why livekit-sip would refuse it.
func readOffer(body []byte, encryption livekit.SIPMediaEncryption) (*offer, error) {
	if len(body) == 0 {
		return nil, errors.New("no SDP in the INVITE")
	}
	var session sdp.SessionDescription
	if err := session.Unmarshal(body); err != nil {
		return nil, err
	}
	audio := slices.IndexFunc(session.MediaDescriptions, func(media *sdp.MediaDescription) bool {
		return media.MediaName.Media == "audio" && media.MediaName.Port.Value != 0
	})
	if audio < 0 {
		return nil, errors.New("no audio in the offer")
	}
	media := session.MediaDescriptions[audio]
	o := &offer{}
	if err := o.readCrypto(media, encryption); err != nil {
		return nil, err
	}
	if err := o.readCodecs(media); err != nil {
		return nil, err
	}
	return o, o.readAddress(session.ConnectionInformation, media)
}

func (o *offer) readCrypto(media *sdp.MediaDescription, encryption livekit.SIPMediaEncryption) error {
	required := encryption == livekit.SIPMediaEncryption_SIP_MEDIA_ENCRYPT_REQUIRE
	if !required && encryption != livekit.SIPMediaEncryption_SIP_MEDIA_ENCRYPT_ALLOW {
		return nil // as measured: livekit-sip then answers an RTP/SAVP offer with plain RTP/AVP
	}
	if slices.Contains(media.MediaName.Protos, "SAVP") {
		for _, attribute := range media.Attributes {
			fields := strings.Fields(attribute.Value) // such as 1 AES_CM_128_HMAC_SHA1_80 inline:<key>|2^31
			if attribute.Key != "crypto" || len(fields) < 3 || fields[1] != srtpSuite {
				continue
			}
			encoded, _, _ := strings.Cut(strings.TrimPrefix(fields[2], "inline:"), "|")
			if key, err := base64.StdEncoding.DecodeString(encoded); err == nil && len(key) == srtpKeying {
				o.crypto = &crypto{tag: fields[0], key: key}
				return nil
			}
		}
	}
	if required {
		return errors.New("encryption is required and not offered")
	}
	return nil
}

func (o *offer) readCodecs(media *sdp.MediaDescription) error {
	names := map[string]string{}
	for format, name := range static {
		names[format] = name
	}
	for _, attribute := range media.Attributes {
		if attribute.Key == "rtpmap" { // such as 96 PCMU/8000
			format, encoding, _ := strings.Cut(attribute.Value, " ")
			name, _, _ := strings.Cut(encoding, "/")
			names[format] = strings.ToUpper(name)
		}
	}
	for _, format := range media.MediaName.Formats {
		name := names[format]
		if name == "TELEPHONE-EVENT" {
			o.events = format
		} else if known, speaks := codecs[name]; speaks && o.codec.name == "" {
			number, err := strconv.ParseUint(format, 10, 7)
			if err != nil {
				return err
			}
			o.codec = known
			o.codec.payloadType = uint8(number)
		}
	}
	if o.codec.name == "" {
		return errors.New("no common codec")
	}
	return nil
}

func (o *offer) readAddress(whole *sdp.ConnectionInformation, media *sdp.MediaDescription) error {
	if media.ConnectionInformation != nil {
		whole = media.ConnectionInformation
	}
	if whole == nil || whole.Address == nil {
		return errors.New("no address in the offer")
	}
	address, err := netip.ParseAddr(whole.Address.Address)
	o.address = netip.AddrPortFrom(address, uint16(media.MediaName.Port.Value))
	return err
}

// answer returns the SDP of the 200, with our port and, if the call is encrypted, our key.
func (o *offer) answer(announced string, port int, key []byte) []byte {
	family, profile := "IP4", "RTP/AVP"
	if strings.Contains(announced, ":") {
		family = "IP6"
	}
	formats := strconv.Itoa(int(o.codec.payloadType))
	attributes := []string{fmt.Sprintf("rtpmap:%s %s/8000", formats, o.codec.name)}
	if o.events != "" {
		attributes = append(attributes, fmt.Sprintf("rtpmap:%s telephone-event/8000", o.events), "fmtp:"+o.events+" 0-16")
		formats += " " + o.events
	}
	if o.crypto != nil {
		profile = "RTP/SAVP"
		attributes = append(attributes, fmt.Sprintf("crypto:%s %s inline:%s", o.crypto.tag, srtpSuite, base64.StdEncoding.EncodeToString(key)))
	}
	lines := []string{
		"v=0",
		fmt.Sprintf("o=- 1 1 IN %s %s", family, announced),
		"s=LiveKit",
		fmt.Sprintf("c=IN %s %s", family, announced),
		"t=0 0",
		fmt.Sprintf("m=audio %d %s %s", port, profile, formats),
	}
	for _, attribute := range append(attributes, "ptime:20", "sendrecv") {
		lines = append(lines, "a="+attribute)
	}
	return []byte(strings.Join(lines, "\r\n") + "\r\n")
}
