# Runs inside the sandbox: loads one Ruby program, does its steps, reports each on the report descriptor.
# Stands alone. Reads one JSON object on standard input: path, source, steps [{run} | {plain}]. Writes JSON lines.
# All in one lambda, so that the program and the steps, which run at the top level, see no variable of this file.
require "json"

lambda do
  job = JSON.parse($stdin.read)
  report_to = IO.for_fd(ARGV[0].to_i, "w", autoclose: false)
  report_to.sync = true
  generate = JSON.method(:generate)
  report = ->(event) { report_to.write(generate.call(event) + "\n") }
  message = ->(error) { error.message.to_s.encode("UTF-8", invalid: :replace, undef: :replace)[0, 500] rescue "" }

  # `value` as JSON data; what JSON would change is an error instead. A symbol is its name.
  plain = lambda do |value, depth = 0|
    raise TypeError, "the value is nested too deeply to compare" if depth > 50
    case value
    when nil, true, false then value
    when Integer, String then value.instance_of?(String) || value.is_a?(Integer) ? value : raise(TypeError, "not plain data")
    when Symbol then value.to_s
    when Float then value.finite? ? value : { "float" => value.to_s }
    when Array then value.map { |item| plain.call(item, depth + 1) }
    when Hash
      value.to_h do |key, item|
        raise TypeError, "a key that is no text" unless key.is_a?(String) || key.is_a?(Symbol)
        [key.to_s, plain.call(item, depth + 1)]
      end
    else raise TypeError, "a #{value.class} is not plain data"
    end
  end

  begin
    eval(job["source"], TOPLEVEL_BINDING, job["path"])
  rescue Exception => error
    report.call({ failed_to_load: error.is_a?(NoMemoryError) ? "MemoryError" : error.class.name, message: message.call(error) })
    exit!(0)
  end
  report.call({ loaded: true })
  job["steps"].each_with_index do |step, number|
    if step.key?("run")
      eval(step["run"], TOPLEVEL_BINDING, "setup")
    else
      report.call({ step: number, value: plain.call(eval(step["plain"], TOPLEVEL_BINDING, "call")) })
    end
  rescue Exception => error
    report.call({ step: number, raised: error.is_a?(NoMemoryError) ? "MemoryError" : error.class.name, message: message.call(error) })
  end
  exit!(0)
end.call
