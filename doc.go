// SPDX-License-Identifier: Apache-2.0

// Package modelvet is the vocabulary of the release gate, and the one law in it.
//
// A [Subject] is what is judged: a model, named by its content. A [Scan] is
// what a scanner measured about it, a [Lineage] what somebody claims it was
// made of. Signed and verified, either becomes [Evidence]. Rules turn evidence
// into a [Result] each; [Decide] turns results, controls, approvals and
// waivers into a [Decision], of which every report is a rendering.
//
//	artifact -> scanners, lineage -> attest -> policies -> Decide -> reports
//
// Nothing here reads a file, opens a socket or knows the time.
package modelvet
