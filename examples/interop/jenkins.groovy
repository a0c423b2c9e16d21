// SPDX-License-Identifier: Apache-2.0
//
// Plays a declarative Jenkinsfile with stand-ins for Jenkins' own steps: sh runs
// bash, input calls the program named by ON_INPUT, what only stores something
// says so. A directive or a step that it does not know is an error.
class Player {
  Map env = [:], params = [:]
  List log = []
  boolean skip = false

  // Directives of the declarative syntax.
  void pipeline(Closure c) { run(c) }
  void stages(Closure c) { run(c) }
  void steps(Closure c) { run(c) }
  void script(Closure c) { run(c) }
  void options(Closure c) { run(c) }
  void parameters(Closure c) { run(c) }
  void environment(Closure c) { run(c) }
  void agent(Closure c) { run(c) }
  void label(String name) { if (!name) throw new IllegalArgumentException('an agent without a label') }
  void disableConcurrentBuilds() {}
  void timeout(Map m) {}
  void always(Closure c) { run(c) }
  List posts = []
  void post(Closure c) { posts << c }
  void stage(String name, Closure c) {
    skip = false
    posts = []
    def declared = new Stage(this)
    c.delegate = declared
    c.resolveStrategy = Closure.DELEGATE_FIRST
    c.call()
    if (declared.condition) run(declared.condition)
    if (skip) { println "STAGE $name skipped"; return }
    println "STAGE $name"
    try { run(declared.body) } finally { posts.each { run(it) } }
  }
  void environment(Map m) { skip = env[m.name]?.toString() != m.value } // in when

  // Steps.
  def string(Map m) { if (m.credentialsId) return m; if (env[m.name] == null) env[m.name] = m.defaultValue; params[m.name] = env[m.name] }
  def file(Map m) { m }
  def credentials(String id) { secret(id) }
  String secret(String id) {
    def v = System.getenv('CREDENTIAL_' + id.replace('-', '_'))
    if (v == null) throw new IllegalArgumentException("no credential $id")
    v
  }
  void withCredentials(List bindings, Closure c) {
    def before = new HashMap(env)
    bindings.each { env[it.variable] = secret(it.credentialsId) }
    try { run(c) } finally { bindings.each { if (before.containsKey(it.variable)) env[it.variable] = before[it.variable] else env.remove(it.variable) } }
  }
  def sh(Map m) {
    def b = new ProcessBuilder('bash', '-ec', m.script.toString()).redirectErrorStream(true)
    env.each { k, v -> b.environment()[k.toString()] = v.toString() }
    def p = b.start()
    def text = p.inputStream.text
    int code = p.waitFor()
    println "SH ${m.label} ends with $code"
    if (System.getenv('SHOW')) println text
    if (m.returnStatus) return code
    if (code != 0) throw new Failed("script returned exit code $code")
  }
  void error(String s) { throw new Failed(s) }
  void input(Map m) {
    println "INPUT ${m.message}"
    def hook = System.getenv('ON_INPUT')
    if (hook) sh(label: 'the officer', script: hook)
  }
  void junit(Map m) { println "JUNIT ${m.testResults}" }
  void archiveArtifacts(Map m) { println "ARCHIVE ${m.artifacts}" }

  void run(Closure c) {
    c.delegate = this
    c.resolveStrategy = Closure.DELEGATE_FIRST
    c.call()
  }
  def propertyMissing(String name) {
    if (env.containsKey(name)) return env[name]
    throw new MissingPropertyException(name, Player)
  }
  void propertyMissing(String name, value) { env[name] = value } // NAME = "..." in environment
}

class Stage {
  Player player
  Closure body, condition
  Stage(Player p) { player = p }
  void steps(Closure c) { body = c }
  void when(Closure c) { condition = c }
  void post(Closure c) { player.post(c) }
}

class Failed extends Exception { Failed(String s) { super(s) } }

def player = new Player()
['WORKSPACE_TMP', 'BUILD_NUMBER', 'PATH', 'HOME', 'REGISTRY'].each { player.env[it] = System.getenv(it) }
def shell = new GroovyShell(this.class.classLoader)
def jenkinsfile = shell.parse(new File(args[0]))
jenkinsfile.metaClass.pipeline = { Closure c -> player.pipeline(c) }
try {
  jenkinsfile.run()
  println 'RESULT success'
} catch (Failed e) {
  println "ERROR ${e.message}"
  println 'RESULT failure'
  System.exit(1)
}
