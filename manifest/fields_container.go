package manifest

import "slices"

// containerFields are the rows of one list of containers.
func containerFields(path string) []Field {
	rows := slices.Concat(
		ownFields,
		probeFields("startupProbe."), probeFields("livenessProbe."), probeFields("readinessProbe."),
		handlerFields("lifecycle.postStart."), handlerFields("lifecycle.preStop."),
	)
	for i := range rows {
		rows[i].Path = path + rows[i].Path
	}
	return rows
}

// honoured makes rows of fields below path that mean what they mean in a
// cluster.
func honoured(path string, names ...string) []Field {
	rows := make([]Field, len(names))
	for i, name := range names {
		rows[i] = Field{Path: path + name, Verdict: Honoured}
	}
	return rows
}

func probeFields(path string) []Field {
	return slices.Concat(checkFields(path), honoured(path,
		"grpc.port", "grpc.service", "grpc.mode",
		"initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold",
		"terminationGracePeriodSeconds"))
}

func handlerFields(path string) []Field {
	return append(checkFields(path), honoured(path, "sleep.seconds")...)
}

// checkFields are of the ways that probes and hooks share.
func checkFields(path string) []Field {
	return honoured(path,
		"exec.command",
		"httpGet.path", "httpGet.port", "httpGet.host", "httpGet.scheme", "httpGet.protocol",
		"httpGet.httpHeaders[].name", "httpGet.httpHeaders[].value",
		"tcpSocket.port", "tcpSocket.host")
}

// ownFields are those of a container that are not of a probe or hook.
var ownFields = []Field{
	{Path: "lifecycle.stopSignal", Verdict: Honoured},
	{Path: "name", Verdict: Honoured},
	{Path: "image", Verdict: Honoured},
	{Path: "imagePullPolicy", Verdict: Honoured},
	{Path: "command", Verdict: Honoured},
	{Path: "args", Verdict: Honoured},
	{Path: "workingDir", Verdict: Honoured},
	{Path: "ports[].name", Verdict: Honoured},
	{Path: "ports[].containerPort", Verdict: Honoured},
	{Path: "ports[].protocol", Verdict: Honoured},
	{Path: "ports[].hostPort", Verdict: NotYet, Why: "the port is not published on the host"},
	{Path: "ports[].hostIP", Verdict: NotYet, Why: "the port is not published on the host"},
	{Path: "env[].name", Verdict: Honoured},
	{Path: "env[].value", Verdict: Honoured},
	{Path: "env[].valueFrom", Verdict: Refused, Why: "the variable would be missing"},
	{Path: "envFrom", Verdict: Refused, Why: "the variables would be missing"},
	{Path: "volumeMounts[].name", Verdict: Honoured},
	{Path: "volumeMounts[].mountPath", Verdict: Honoured},
	{Path: "volumeMounts[].subPath", Verdict: Honoured},
	{Path: "volumeMounts[].readOnly", Verdict: Honoured},
	{Path: "volumeMounts[].mountPropagation", Verdict: Honoured},
	{Path: "volumeMounts[].recursiveReadOnly", Verdict: Honoured},
	{Path: "volumeMounts[].subPathExpr", Verdict: Refused, Why: "the whole volume would be mounted"},
	{Path: "volumeMounts[].bindMountOptions", Verdict: NotYet, Why: "the volume is mounted with the ordinary options"},
	{Path: "volumeDevices", Verdict: Refused, Why: "the devices would be missing"},
	{Path: "resources", Verdict: NotYet, Why: "no limit is enforced; limits.memory only bounds the default size of an emptyDir"},
	{Path: "resizePolicy", Verdict: NoMeaning, Why: "nothing resizes a running container"},
	{Path: "restartPolicy", Verdict: Honoured},
	{Path: "restartPolicyRules[].action", Verdict: Honoured},
	{Path: "restartPolicyRules[].exitCodes.operator", Verdict: Honoured},
	{Path: "restartPolicyRules[].exitCodes.values", Verdict: Honoured},
	{Path: "terminationMessagePath", Verdict: Honoured},
	{Path: "terminationMessagePolicy", Verdict: Honoured},
	{Path: "stdin", Verdict: NotYet, Why: "the container reads the end of the file at once", When: equals(true)},
	{Path: "stdinOnce", Verdict: NotYet, Why: "the container reads the end of the file at once", When: equals(true)},
	{Path: "tty", Verdict: NotYet, Why: "the container has pipes for its output", When: equals(true)},
	// The security context of a container.
	{Path: "securityContext.runAsUser", Verdict: Honoured},
	{Path: "securityContext.runAsGroup", Verdict: Honoured},
	{Path: "securityContext.readOnlyRootFilesystem", Verdict: Honoured},
	{Path: "securityContext.allowPrivilegeEscalation", Verdict: Honoured},
	{Path: "securityContext.privileged", Verdict: Refused, Why: "the container would lack the privileges", When: equals(true)},
	{Path: "securityContext.capabilities", Verdict: NotYet, Why: "the container has the default capabilities"},
	{Path: "securityContext.runAsNonRoot", Verdict: Honoured},
	{Path: "securityContext.procMount", Verdict: NotYet, Why: "/proc has the default masks", When: except("Default")},
	{Path: "securityContext.seccompProfile", Verdict: NotYet, Why: "no system call is filtered"},
	{Path: "securityContext.appArmorProfile", Verdict: NotYet, Why: "no AppArmor profile is applied"},
	{Path: "securityContext.seLinuxOptions", Verdict: NotYet, Why: "no SELinux label is set"},
	{Path: "securityContext.windowsOptions", Verdict: NoMeaning, Why: "the containers run on Linux"},
}
